import type { Track } from '../model/track.js';
import { codecName } from './format.js';

/** How a stream is played in the page, or why it is not. */
type PreviewPlan =
  | {
      readonly isPlayable: true;
      readonly hasVideo: boolean;
      readonly hasAudio: boolean;
      /** What is left out, as a sentence; `''`: nothing. */
      readonly without: string;
    }
  | { readonly isPlayable: false; readonly why: string };

/** Codecs that the player unpacks from FLV; the browser decodes them or does not. */
const UNPACKED = { video: ['avc1', 'hvc1', 'av01'], audio: ['mp4a', 'mp3', '.mp3', 'opus', 'flac', 'fLaC'] } as const;

/**
 * Whether this browser plays a stream, and what of it.
 *
 * @param canPlay whether the browser plays media with such a codec
 */
export function previewPlan(
  tracks: readonly Track[],
  canPlay: (kind: Track['kind'], codec: string) => boolean,
): PreviewPlan {
  const plays = (track: Track | undefined): boolean =>
    track !== undefined &&
    (UNPACKED[track.kind] as readonly string[]).includes(track.codec.split('.')[0] || track.codec) &&
    canPlay(track.kind, track.codec);
  const video = tracks.find(({ kind }) => kind === 'video');
  const audio = tracks.find(({ kind }) => kind === 'audio');
  const [hasVideo, hasAudio] = [plays(video), plays(audio)];
  if (tracks.length === 0) return { isPlayable: false, why: 'Nothing has come yet that could be played.' };
  if (!hasVideo && !hasAudio) {
    const names = [video, audio].filter((track) => track !== undefined).map(({ codec }) => codecName(codec));
    return { isPlayable: false, why: `This browser does not play ${names.join(' and ')}. ${ELSEWHERE}` };
  }
  const left = [hasVideo ? undefined : video, hasAudio ? undefined : audio].filter((track) => track !== undefined);
  const without = left.map(
    ({ kind, codec }) => `Played without ${kind}: this browser does not play ${codecName(codec)}.`,
  );
  return { isPlayable: true, hasVideo, hasAudio, without: without.join(' ') };
}

const ELSEWHERE = 'Players such as ffplay or VLC may.';
