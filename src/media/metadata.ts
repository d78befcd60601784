import { tellProgram } from '../core/tell.js';
import type { StreamMetadata } from '../model/metadata.js';
import type { Track } from '../model/track.js';
import { type AmfObject, type AmfValue, isAmfObject } from '../wasm/amf-value.js';
import { checkedFps, checkedSize } from './track.js';

/** The claims of an `onMetaData` object. Cameras often claim wrong values, so measured facts come first. */
export interface MetadataFacts {
  readonly video: Pick<Track, 'width' | 'height' | 'fps' | 'kbps'>;
  readonly audio: Pick<Track, 'sampleRate' | 'channels' | 'kbps'>;
  /** The `encoder` string, cut to 128 characters; absent when there is none. */
  readonly encoder?: string;
}

/** The facts of metadata without their kinds. */
export function announced({ video, audio, encoder }: MetadataFacts): StreamMetadata {
  const { kbps: videoKbps, ...picture } = video;
  const { kbps: audioKbps, ...sound } = audio;
  return {
    ...(encoder === undefined ? {} : { encoder }),
    ...picture,
    ...(videoKbps === undefined ? {} : { videoKbps }),
    ...sound,
    ...(audioKbps === undefined ? {} : { audioKbps }),
  };
}

const MAX_ENCODER_CHARACTERS = 128;

/**
 * Reads size, rates and channels from `onMetaData`, ignoring what cannot be true (zero, negative, NaN, beyond any
 * codec).
 *
 * @param metadata the object or ECMA array after the name `onMetaData`; anything else gives empty facts
 */
export function factsFromMetadata(metadata: AmfValue): MetadataFacts {
  if (!isAmfObject(metadata)) return { video: {}, audio: {} };
  const number = (...keys: string[]): number => firstNumber(metadata, keys);
  const size = checkedSize(number('width', 'displayWidth'), number('height', 'displayHeight'));
  const fps = checkedFps(number('framerate', 'videoframerate', 'fps'));
  const sampleRate = whole(number('audiosamplerate'), 768_000);
  const stereo = metadata['stereo'];
  const channels = whole(number('audiochannels'), 255) ?? (typeof stereo === 'boolean' ? (stereo ? 2 : 1) : undefined);
  const videoKbps = whole(number('videodatarate'), 10_000_000);
  const audioKbps = whole(number('audiodatarate'), 100_000);
  const program = metadata['encoder'];
  const encoder = typeof program === 'string' ? tellProgram(program).slice(0, MAX_ENCODER_CHARACTERS) : '';
  return {
    video: { ...size, ...(fps === undefined ? {} : { fps }), ...(videoKbps === undefined ? {} : { kbps: videoKbps }) },
    audio: {
      ...(sampleRate === undefined ? {} : { sampleRate }),
      ...(channels === undefined ? {} : { channels }),
      ...(audioKbps === undefined ? {} : { kbps: audioKbps }),
    },
    ...(encoder === '' ? {} : { encoder }),
  };
}

/** Old encoders send numbers as text. */
function firstNumber(metadata: AmfObject, keys: readonly string[]): number {
  for (const key of keys) {
    const value = metadata[key];
    if (typeof value === 'number') return value;
    if (typeof value === 'string' && /^\d{1,9}(?:\.\d{1,9})?$/.test(value)) return Number(value);
  }
  return Number.NaN;
}

function whole(value: number, max: number): number | undefined {
  return value >= 0.5 && value <= max ? Math.round(value) : undefined;
}
