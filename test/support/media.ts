import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './child.js';
import { repository } from './repository.js';

const folder = join(repository(), 'node_modules', '.cache', 'sluice', 'media');

const video = (seconds: number, size = '320x180') => ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=25:d=${seconds}`];
const audio = (seconds: number, rate = 44100) => ['-f', 'lavfi', '-i', `sine=f=440:r=${rate}:d=${seconds}`];
const x264 = [
  '-c:v',
  'libx264',
  '-preset',
  'veryfast',
  '-g',
  '25',
  '-keyint_min',
  '25',
  '-sc_threshold',
  '0',
  '-bf',
  '2',
  '-b:v',
  '300k',
  '-pix_fmt',
  'yuv420p',
  '-threads',
  '1',
];
const aac = ['-c:a', 'aac', '-b:a', '64k', '-ac', '2'];

/**
 * Recipes of the test media: ffmpeg arguments by file name. The sizes are small so that the whole set is made in
 * seconds.
 */
const recipes = {
  /** 3 s, H.264 Main with B-frames, 320x180, 25 fps, a keyframe each second; AAC-LC stereo at 44.1 kHz. */
  'h264-aac.mp4': [...video(3), ...audio(3), ...x264, ...aac],
  /** As above, as FLV. */
  'h264-aac.flv': [...video(3), ...audio(3), ...x264, ...aac],
  /** 30 s, for tests that need a publisher that lasts. */
  'long.flv': [...video(30), ...audio(30), ...x264, ...aac],
  /** 12 s with keyframes 4 s apart, for joining in mid-GOP. */
  'long-gop.flv': [...video(12), ...audio(12), ...x264, '-g', '100', '-keyint_min', '100', ...aac],
  /** 60 s of 1280x720 at about 2.5 Mbit/s, for the soak. */
  '720p.flv': [
    ...video(60, '1280x720'),
    ...audio(60),
    ...x264,
    '-b:v',
    '2500k',
    '-maxrate',
    '2500k',
    '-bufsize',
    '2500k',
    ...aac,
  ],
  'video-only.flv': [...video(2), ...x264],
  'audio-only.flv': [...audio(2), ...aac],
  'mp3.flv': [...video(2), ...audio(2), '-c:v', 'flv', '-b:v', '300k', '-c:a', 'libmp3lame', '-ac', '2'],
  'speex.flv': [...video(2), ...audio(2, 16000), '-c:v', 'flv', '-b:v', '300k', '-c:a', 'libspeex', '-ac', '1'],
  'hevc.mp4': [
    ...video(2),
    ...audio(2),
    '-c:v',
    'libx265',
    '-preset',
    'ultrafast',
    '-x265-params',
    'log-level=error:keyint=25:bframes=2:pools=1',
    '-pix_fmt',
    'yuv420p',
    ...aac,
  ],
  'av1.mkv': [
    ...video(2),
    '-c:v',
    'libaom-av1',
    '-cpu-used',
    '8',
    '-usage',
    'realtime',
    '-g',
    '25',
    '-b:v',
    '200k',
    '-threads',
    '1',
    '-pix_fmt',
    'yuv420p',
  ],
  'vp9.mkv': [
    ...video(2),
    '-c:v',
    'libvpx-vp9',
    '-deadline',
    'realtime',
    '-cpu-used',
    '8',
    '-g',
    '25',
    '-b:v',
    '200k',
    '-pix_fmt',
    'yuv420p',
  ],
  'opus.mkv': [...audio(2, 48000), '-c:a', 'libopus', '-b:a', '64k', '-ac', '2'],
} as const satisfies Record<string, readonly string[]>;

/** Name of a test media file. */
export type MediaName = keyof typeof recipes;

/** Path of a test media file; made by ffmpeg the first time and kept under `node_modules/.cache`. */
export async function media(name: MediaName): Promise<string> {
  const path = join(folder, name);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const unfinished = join(folder, `${process.pid}-${performance.now().toFixed(0)}-${name}`);
  await run(['ffmpeg', '-hide_banner', '-loglevel', 'error', '-y', '-nostdin', ...recipes[name], unfinished], 120_000);
  renameSync(unfinished, path);
  return path;
}
