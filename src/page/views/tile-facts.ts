import type { Overview } from '../../model/overview.js';
import { codecName, count, milliseconds, pictureSize, rate, roughly, sentence } from '../format.js';

/** One live stream of the overview. */
export type Listed = Overview['streams'][number];

/** What a tile shows, as the words that stand there: only when one of them changes is it drawn again. */
export interface TileFacts {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  readonly state: string;
  /** Codec of the picture; `''`: there is none, or it is not known yet. */
  readonly codec: string;
  /** `H.264 1280x720@30 + AAC`. */
  readonly media: string;
  readonly rateIn: string;
  readonly rateOut: string;
  readonly players: string;
  readonly delay: string;
  readonly age: string;
  readonly trouble: string;
}

/** The words of a tile. */
export function tileFacts(stream: Listed, nowMs: number): TileFacts {
  const { streamId, app, name, state, tracks, delayMs } = stream;
  return {
    ...{ streamId, app, name, state },
    trouble: sentence(stream.trouble ?? ''),
    codec: tracks.find(({ kind }) => kind === 'video')?.codec ?? '',
    media: mediaWords(tracks),
    rateIn: rate(stream.kbpsIn),
    rateOut: rate(stream.kbpsOut),
    players: count(stream.players),
    delay: delayMs === undefined ? '' : milliseconds(delayMs),
    age: roughly(nowMs - Date.parse(stream.startedAt)),
  };
}

/** The first picture and the first sound of a stream, in few words; how many more there are. */
function mediaWords(tracks: Listed['tracks']): string {
  const video = tracks.find(({ kind }) => kind === 'video');
  const audio = tracks.find(({ kind }) => kind === 'audio');
  const shown = [video, audio].filter((track) => track !== undefined);
  const words = shown.map((track) => [codecName(track.codec), pictureSize(track)].filter(Boolean).join(' '));
  const more = tracks.length - shown.length;
  return [...words, ...(more > 0 ? [`${more} more`] : [])].join(' + ');
}

/** Whether two tiles would look the same. */
export function isSameTile(one: TileFacts, other: TileFacts): boolean {
  return (Object.keys(one) as (keyof TileFacts)[]).every((key) => one[key] === other[key]);
}
