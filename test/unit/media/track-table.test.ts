import { describe, expect, it } from 'vitest';
import { FpsEstimator } from '../../../src/media/fps-estimator.js';
import { factsFromMetadata } from '../../../src/media/metadata.js';
import { TrackTable } from '../../../src/media/track-table.js';
import { VIDEO_CONFIGS } from './video-config-vectors.js';
import { LEGACY_VIDEO, VP9 } from './video-frame-vectors.js';

const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const vector = (name: string): (typeof VIDEO_CONFIGS)[number] => VIDEO_CONFIGS.find((v) => v.name.startsWith(name))!;

describe('the frame rate estimator', () => {
  const feed = (
    rate: number,
    o: { start?: number; frames?: number; round?: (n: number) => number } = {},
  ): number | undefined => {
    const estimator = new FpsEstimator(o.frames ?? 60);
    for (let i = 0; i < 60; i++) estimator.push((o.round ?? Math.round)((o.start ?? 0) + (i * 1000) / rate));
    return estimator.estimate();
  };

  it.each([
    [15, 15],
    [24000 / 1001, 23.976],
    [24, 24],
    [25, 25],
    [30000 / 1001, 29.97],
    [30, 30],
    [50, 50],
    [60000 / 1001, 59.94],
    [60, 60],
    [120, 120],
  ])('recognises %f frames per second from whole milliseconds', (rate, told) => {
    expect(feed(rate)).toBe(told);
    expect(feed(rate, { round: Math.floor, start: 1234.5 })).toBe(told);
  });

  it('snaps a jittery camera to the nearest usual rate', () => {
    const estimator = new FpsEstimator();
    for (let i = 0; i < 30; i++) estimator.push(i * 40 + (i % 3 === 1 ? 4 : 0));
    expect(estimator.estimate()).toBe(25);
  });

  it('tells an unusual rate as measured', () => {
    expect(feed(17)).toBe(17);
  });

  it('knows nothing before ten frames', () => {
    const estimator = new FpsEstimator();
    for (let i = 0; i < 9; i++) estimator.push(i * 40);
    expect(estimator.estimate()).toBeUndefined();
    estimator.push(360);
    expect(estimator.estimate()).toBe(25);
  });

  it('starts afresh when time jumps or goes back', () => {
    const estimator = new FpsEstimator();
    estimator.push(5_000_000);
    for (let i = 0; i < 12; i++) estimator.push(i * 20);
    expect(estimator.estimate()).toBe(50);
  });
});

describe('facts from onMetaData', () => {
  it('reads what OBS and ffmpeg write', () => {
    expect(
      factsFromMetadata({
        width: 1920,
        height: 1080,
        framerate: 29.97,
        videodatarate: 2500.4,
        audiosamplerate: 48000,
        stereo: true,
        audiodatarate: 160,
        encoder: 'obs-output module',
      }),
    ).toEqual({
      video: { width: 1920, height: 1080, fps: 29.97, kbps: 2500 },
      audio: { sampleRate: 48000, channels: 2, kbps: 160 },
      encoder: 'obs-output module',
    });
  });

  it('ignores what cannot be true', () => {
    const lies = {
      width: 0,
      height: -1,
      framerate: Number.NaN,
      audiosamplerate: 1e12,
      audiochannels: 0,
      encoder: 5,
      videodatarate: null,
    };
    expect(factsFromMetadata(lies)).toEqual({ video: {}, audio: {} });
    for (const value of [null, undefined, 5, 'x', [], new Date(0)])
      expect(factsFromMetadata(value)).toEqual({ video: {}, audio: {} });
  });

  it('cuts a long encoder name', () => {
    expect(factsFromMetadata({ encoder: 'x'.repeat(5000) }).encoder).toHaveLength(128);
  });
});

describe('the track table', () => {
  const avc = vector('constant 30, 1280x720');

  it('prefers headers to measurements and measurements to metadata', () => {
    const table = new TrackTable();
    table.metadata({ width: 1, height: 1, framerate: 5, audiosamplerate: 8000, stereo: false, videodatarate: 2500 });
    expect(table.config('video', bytes(`17 00 000000 ${avc.config}`))).toBe(true);
    expect(table.config('audio', bytes('AF 00 1190'))).toBe(true);
    expect(table.tracks()).toEqual([
      { id: 0, kind: 'video', codec: avc.codec, width: 1280, height: 720, fps: 30, kbps: 2500 },
      { id: 0, kind: 'audio', codec: 'mp4a.40.2', sampleRate: 48000, channels: 2 },
    ]);
    expect(table.wantsFrames('video')).toBe(false);
    expect(table.wantsFrames('audio')).toBe(false);
  });

  it('measures the rate when the header states none', () => {
    const table = new TrackTable();
    table.config('video', bytes(`17 00 000000 ${vector('vfr').config}`));
    expect(table.wantsFrames('video')).toBe(true);
    for (let i = 0; i < 30; i++) table.frame('video', bytes('27 01 000000 00'), i * 20);
    expect(table.tracks()[0]).toMatchObject({ width: 320, height: 180, fps: 50 });
    expect(table.wantsFrames('video')).toBe(false);
  });

  it('names the nominal rate of the header until frames or metadata show another', () => {
    const table = new TrackTable();
    table.config('video', bytes(`17 00 000000 ${vector('high 1280x720').config}`));
    expect(table.tracks()).toEqual([{ id: 0, kind: 'video', codec: 'avc1.64001f', width: 1280, height: 720, fps: 30 }]);
    table.metadata({ framerate: 15 });
    expect(table.tracks()[0]?.fps).toBe(15);
    for (let i = 0; i < 30; i++) table.frame('video', bytes('27 01 000000 00'), i * 40);
    expect(table.tracks()[0]?.fps).toBe(25);
  });

  it('says whether a header changed anything', () => {
    const table = new TrackTable();
    const header = bytes(`17 00 000000 ${avc.config}`);
    expect([table.config('video', header), table.config('video', header)]).toEqual([true, false]);
    expect(table.config('video', bytes(`17 00 000000 ${vector('baseline').config}`))).toBe(true);
    expect(table.tracks()[0]).toMatchObject({ width: 320, height: 240 });
  });

  it('learns codec and size of streams without a header from frames', () => {
    const table = new TrackTable();
    const [flv1] = LEGACY_VIDEO;
    expect(table.frame('video', bytes(flv1!.inter), 0)).toBe(true);
    table.frame('video', bytes(flv1!.key), 40);
    table.frame('audio', bytes('2F FFFB9064'), 0);
    expect(table.tracks()).toMatchObject([
      { codec: 'flv1', width: flv1!.width, height: flv1!.height },
      { codec: 'mp4a.40.34', sampleRate: 44100, channels: 2 },
    ]);
  });

  it('keeps the codec string of the record and takes the size of VP9 from the frame, also when the header comes again', () => {
    const [vp9] = VP9;
    const table = new TrackTable();
    const header = bytes(`90 76703039 ${vp9!.config}`);
    table.config('video', header);
    table.frame('video', bytes(`91 76703039 ${vp9!.frame}`), 0);
    table.config('video', header);
    expect(table.tracks()[0]).toMatchObject({ codec: vp9!.codec, width: vp9!.width, height: vp9!.height });
  });

  it('stops looking at frames that tell nothing', () => {
    const table = new TrackTable();
    for (let i = 0; i < 200; i++) table.frame('video', bytes('2F 00'), i);
    expect(table.wantsFrames('video')).toBe(false);
    expect(table.tracks()).toEqual([]);
  });

  it('holds at most 32 tracks', () => {
    const table = new TrackTable();
    for (let id = 0; id < 100; id++) {
      const track = id.toString(16).padStart(2, '0');
      table.config('audio', bytes(`95 00 4F707573 ${track}`));
    }
    expect(table.tracks()).toHaveLength(32);
  });
});
