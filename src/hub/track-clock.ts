import {
  BATCH_COUNT,
  BATCH_FLAGS,
  BATCH_MANY_TRACKS,
  BATCH_TRACKED_AUDIO,
  BATCH_TRACKED_VIDEO,
  BATCH_TRACKS,
  FLAG_MULTITRACK,
  RECORD_OFFSET,
  RECORD_TRACK,
  RECORD_TYPE_FLAGS,
  RECORD_WORDS,
} from '../../assembly/constants.js';
import type { MediaKind } from '../media/track.js';
import { readFramed, trackIds } from './framing.js';

/** When a track had its last frame. */
export interface TrackTime {
  readonly kind: MediaKind;
  /** 0: the default track; 1 to 255: Enhanced RTMP multitrack. */
  readonly trackId: number;
  /** Monotonic ms. */
  readonly lastMs: number;
}

/** What of a batch tells about tracks. */
export interface TrackBatch {
  /** Indexed by BATCH_*. */
  readonly header: Uint32Array;
  /** RECORD_WORDS words a message. */
  readonly records: Uint32Array;
}

/** Tracks beyond this many are not watched; Enhanced RTMP could name 512. */
const MAX_TRACKS = 32;
const AUDIO = 8;
const IDS = 256;
const WORDS = 8;

/**
 * When each track had its last frame. The module has counted and marked already, so that this costs a few numbers per batch; only
 * messages that hold several tracks, which no common encoder sends, are looked at one by one.
 */
export class TrackClock {
  readonly #tracks: { readonly kind: MediaKind; readonly trackId: number; lastMs: number }[] = [];
  /** Place in the list, plus one, by kind and id; 0: never had a frame. */
  readonly #places = new Uint8Array(2 * IDS);

  /** Every track that has had a frame, in order of appearance. The list only grows. */
  get tracks(): readonly TrackTime[] {
    return this.#tracks;
  }

  /**
   * Takes note of a batch.
   *
   * @param audio its messages with audio frames; `video` likewise
   * @param slab the bytes that hold the batch as framed for players, from `at` on
   */
  note(
    batch: TrackBatch,
    audio: number,
    video: number,
    slab: Buffer,
    at: number,
    chunkSize: number,
    nowMs: number,
  ): void {
    const { header } = batch;
    let plainAudio = audio;
    let plainVideo = video;
    if ((header[BATCH_FLAGS] & FLAG_MULTITRACK) !== 0) {
      plainAudio -= header[BATCH_TRACKED_AUDIO];
      plainVideo -= header[BATCH_TRACKED_VIDEO];
      this.#noteBits(header, nowMs);
      if (header[BATCH_MANY_TRACKS] !== 0) this.#noteMany(batch, slab, at, chunkSize, nowMs);
    }
    if (plainAudio > 0) this.#mark(0, nowMs);
    if (plainVideo > 0) this.#mark(IDS, nowMs);
  }

  /** The publisher is back after a gap: every track is waited for anew. */
  restart(nowMs: number): void {
    for (const track of this.#tracks) track.lastMs = nowMs;
  }

  #noteBits(header: Uint32Array, nowMs: number): void {
    for (let word = 0; word < 2 * WORDS; word++) {
      for (let bits = header[BATCH_TRACKS + word]; bits !== 0; bits &= bits - 1) {
        this.#mark(word * 32 + 31 - Math.clz32(bits & -bits), nowMs);
      }
    }
  }

  #noteMany({ header, records }: TrackBatch, slab: Buffer, at: number, chunkSize: number, nowMs: number): void {
    const count = header[BATCH_COUNT];
    for (let i = 0, r = 0; i < count; i++, r += RECORD_WORDS) {
      const more = records[r + RECORD_TRACK] >>> 24;
      if (more === 0) continue;
      const base = (records[r + RECORD_TYPE_FLAGS] & 0xff) === AUDIO ? 0 : IDS;
      const message = readFramed(slab, at + records[r + RECORD_OFFSET], chunkSize);
      for (const id of trackIds(slab, message, chunkSize, more & 0x7f, more > 0x7f)) this.#mark(base + id, nowMs);
    }
  }

  /** @param key the id, plus 256 for video */
  #mark(key: number, nowMs: number): void {
    const place = this.#places[key];
    if (place !== 0) {
      this.#tracks[place - 1].lastMs = nowMs;
      return;
    }
    const trackId = key % IDS;
    // The default tracks are always watched.
    if (trackId !== 0 && this.#tracks.length >= MAX_TRACKS) return;
    this.#places[key] = this.#tracks.push({ kind: key < IDS ? 'audio' : 'video', trackId, lastMs: nowMs });
  }
}
