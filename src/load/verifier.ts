import { copyTags, type MediaTag, newTagCodec } from '../client/media-reader.js';
import { FlvTagType } from '../flv/flv-format.js';
import { mediaBodies } from '../media/payload.js';
import { Status } from '../wasm/chunk-codec.js';
import type { Consumer } from './connection.js';
import { readStamp, STAMP_TIME_RANGE, STAMP_UUID } from './stamp.js';
import type { LoopMessage, MediaLoop } from './synthetic.js';

/** What players that verify have seen, summed over all of them. */
export interface VerifyCounts {
  audio: number;
  video: number;
  /** Places where a message that should have come is missing. */
  gaps: number;
  /** Messages whose timestamp is before the one of the same kind that came before. */
  disorders: number;
  /** Synthetic messages whose bytes are not what was published. */
  mismatches: number;
}

/** Fresh counts, all 0. */
export function newVerifyCounts(): VerifyCounts {
  return { audio: 0, video: 0, gaps: 0, disorders: 0, mismatches: 0 };
}

/**
 * Without stamps, a gap is a jump of timestamps: no encoder leaves a second between frames, nor half of one between AAC
 * frames.
 */
const VIDEO_GAP_MS = 1000;
const AUDIO_GAP_MS = 500;
const AUDIO_KEY_BYTES = 24;

/** The content of a synthetic stream, for checking. It is made once for all players. */
export class Expectation {
  readonly video: readonly LoopMessage[];
  readonly audio: readonly LoopMessage[];
  readonly #audioIndex = new Map<string, number>();

  constructor(loop: MediaLoop) {
    this.video = loop.messages.filter((message) => message.type === FlvTagType.Video);
    this.audio = loop.messages.filter((message) => message.type === FlvTagType.Audio);
    for (const [index, message] of this.audio.entries()) this.#audioIndex.set(audioKey(message.payload), index);
  }

  /** The frame of the loop that an audio payload is; `undefined` when none. */
  indexOfAudio(payload: Buffer): number | undefined {
    return this.#audioIndex.get(audioKey(payload));
  }
}

function audioKey(payload: Buffer): string {
  return payload.toString('latin1', 0, AUDIO_KEY_BYTES);
}

/**
 * Reads everything that a player gets with the WASM chunk reader and checks order, completeness and, for synthetic
 * streams, every byte.
 */
export class Verifier implements Consumer {
  readonly #codec = newTagCodec();
  readonly buffer = this.#codec.input;
  readonly #expected: Expectation;
  readonly #counts: VerifyCounts;
  readonly #onBytes: (count: number) => void;
  readonly #onStamp: (nanoseconds: bigint) => void;
  readonly #last = new Map<number, number>();
  #videoIndex: number | undefined;
  #audioIndex: number | undefined;
  readonly #take = (tag: MediaTag): void => this.#media(tag);

  constructor(o: {
    readonly expected: Expectation;
    readonly counts: VerifyCounts;
    readonly onBytes: (count: number) => void;
    readonly onStamp: (nanoseconds: bigint) => void;
  }) {
    this.#expected = o.expected;
    this.#counts = o.counts;
    this.#onBytes = o.onBytes;
    this.#onStamp = o.onStamp;
  }

  /** @throws SluiceError when the server's bytes are no chunk stream */
  bytes(_buffer: Buffer, start: number, end: number): void {
    this.#onBytes(end - start);
    for (let status = this.#codec.next(start, end); ; status = this.#codec.next(0, 0)) {
      if (this.#codec.batchCount > 0) copyTags(this.#codec, this.#take);
      if (status < 0) throw this.#codec.error(status);
      if (status === Status.NeedInput) return;
    }
  }

  #media(tag: MediaTag): void {
    const isVideo = tag.type === FlvTagType.Video;
    const payload = tag.payload as Buffer;
    if (mediaBodies(isVideo ? 'video' : 'audio', payload)[0]?.packet !== 'frames') return;
    if (isVideo) this.#counts.video++;
    else this.#counts.audio++;
    const before = this.#last.get(tag.type);
    this.#last.set(tag.type, tag.unwrapped);
    if (before !== undefined && tag.unwrapped < before) this.#counts.disorders++;
    const known = isVideo ? this.#stampedVideo(payload) : this.#knownAudio(payload);
    if (known || before === undefined) return;
    if (tag.unwrapped - before > (isVideo ? VIDEO_GAP_MS : AUDIO_GAP_MS)) this.#counts.gaps++;
  }

  #stampedVideo(payload: Buffer): boolean {
    const at = payload.subarray(0, 64).indexOf(STAMP_UUID);
    const stamp = at < 0 ? undefined : readStamp(payload, at);
    const expected = stamp === undefined ? undefined : this.#expected.video[stamp.index];
    if (stamp === undefined || expected === undefined) return false;
    const [from, to] = [at + STAMP_TIME_RANGE[0], at + STAMP_TIME_RANGE[1]];
    const same =
      payload.length === expected.payload.length &&
      payload.compare(expected.payload, 0, from, 0, from) === 0 &&
      payload.compare(expected.payload, to, undefined, to) === 0;
    if (!same) this.#counts.mismatches++;
    this.#videoIndex = this.#follow(this.#videoIndex, stamp.index, this.#expected.video.length);
    if (stamp.nanoseconds > 0n) this.#onStamp(stamp.nanoseconds);
    return true;
  }

  #knownAudio(payload: Buffer): boolean {
    const index = this.#expected.indexOfAudio(payload);
    if (index === undefined) return false;
    if (!payload.equals(this.#expected.audio[index]!.payload)) this.#counts.mismatches++;
    this.#audioIndex = this.#follow(this.#audioIndex, index, this.#expected.audio.length);
    return true;
  }

  #follow(before: number | undefined, index: number, length: number): number {
    if (before !== undefined && index !== (before + 1) % length) this.#counts.gaps++;
    return index;
  }
}
