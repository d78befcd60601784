import type { Track } from '../model/track.js';
import { codecName, sentence } from './format.js';

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
  const video = tracks.find(({ kind }) => kind === 'video');
  const audio = tracks.find(({ kind }) => kind === 'audio');
  if (video === undefined && audio === undefined)
    return { isPlayable: false, why: 'Nothing has come yet that could be played.' };
  const obstacles = [video, audio].map((track) => (track === undefined ? '' : obstacleOf(track, canPlay)));
  const [noVideo = '', noAudio = ''] = obstacles;
  const hasVideo = video !== undefined && noVideo === '';
  const hasAudio = audio !== undefined && noAudio === '';
  if (!hasVideo && !hasAudio) {
    const why = obstacles.filter(Boolean).join(', and ');
    return { isPlayable: false, why: sentence(`${why}. ${ELSEWHERE}`) };
  }
  const without = [noVideo && `Played without video: ${noVideo}.`, noAudio && `Played without audio: ${noAudio}.`];
  return { isPlayable: true, hasVideo, hasAudio, without: without.filter(Boolean).join(' ') };
}

/** Why a track cannot be played here, as a part of a sentence; `''`: it can. */
function obstacleOf({ kind, codec }: Track, canPlay: (kind: Track['kind'], codec: string) => boolean): string {
  const isUnpacked = (UNPACKED[kind] as readonly string[]).includes(codec.split('.')[0] || codec);
  if (!isUnpacked) return `the player of this page does not know ${codecName(codec)}`;
  return canPlay(kind, codec) ? '' : `this browser does not play ${codecName(codec)}`;
}

const ELSEWHERE = 'Players such as ffplay or VLC may.';
