import {
  BATCH_COUNT,
  BATCH_FLAGS,
  BATCH_PAYLOAD_BYTES,
  BATCH_VIDEO_BYTES,
  FLAG_MULTITRACK,
  RECORD_OFFSET,
  RECORD_PAYLOAD_BYTES,
  RECORD_TIMESTAMP,
  RECORD_TRACK,
  RECORD_TYPE_FLAGS,
  RECORD_WORDS,
} from '../../assembly/constants.js';
import type { MediaKind } from '../model/track.js';
import { readFramed, trackIds } from './framing.js';
import { NO_FRAME } from './media-inspector.js';

/** When a track had its last frame. */
export interface TrackTime {
  readonly kind: MediaKind;
  /** 0: the default track; 1 to 255: Enhanced RTMP multitrack. */
  readonly trackId: number;
  /** Monotonic ms. */
  readonly lastMs: number;
}

/** The counts of a track since the publish began. */
export interface TrackCount extends TrackTime {
  /** Frames up to the newest one whose time is known, and their payload bytes. */
  readonly frames: number;
  readonly bytes: number;
  /** Media time of that frame in ms, modulo 2^32. */
  readonly timestamp: number;
  /** Whether its messages hold several tracks, so that bytes cannot be counted by track. */
  readonly shared: boolean;
}

/** The counters of a track. */
interface Counted {
  readonly kind: MediaKind;
  readonly trackId: number;
  lastMs: number;
  frames: number;
  bytes: number;
  timestamp: number;
  shared: boolean;
  /** Frames and bytes up to now. */
  framesNow: number;
  bytesNow: number;
}

/** The part of a batch that tells about tracks. */
interface TrackBatch {
  /** Indexed by BATCH_*. */
  readonly header: Uint32Array;
  /** RECORD_WORDS words a message. */
  readonly records: Uint32Array;
}

/** Tracks beyond this many are not watched; Enhanced RTMP could name 512. */
const MAX_TRACKS = 32;
const AUDIO = 8;
const IDS = 256;

/**
 * When each track had its last frame, and its counts. The module has summed up the batch already, so that this costs a
 * few numbers a batch. Only the records of batches with Enhanced RTMP multitrack messages are added up here.
 */
export class TrackActivity {
  readonly #tracks: Counted[] = [];
  /**
   * The default tracks, once they have had a frame. Most streams have no others, and these are reached without a
   * search.
   */
  #audio: Counted | undefined;
  #video: Counted | undefined;
  /** Index in the list, plus one, by kind and id; 0: there was no frame. */
  readonly #places = new Uint8Array(2 * IDS);
  /** Multitrack messages of the present batch, and their payload bytes. */
  readonly #found = { audio: 0, video: 0, audioBytes: 0, videoBytes: 0 };

  /** Every track that has had a frame, in order of appearance. The list only grows. */
  get tracks(): readonly TrackCount[] {
    return this.#tracks;
  }

  /**
   * Notes a batch.
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
    const { header, records } = batch;
    let plainAudio = audio;
    let plainVideo = video;
    let videoBytes = header[BATCH_VIDEO_BYTES];
    let audioBytes = header[BATCH_PAYLOAD_BYTES] - videoBytes;
    if ((header[BATCH_FLAGS] & FLAG_MULTITRACK) !== 0) {
      const found = this.#found;
      found.audio = 0;
      found.video = 0;
      found.audioBytes = 0;
      found.videoBytes = 0;
      this.#noteRecords(batch, slab, at, chunkSize, nowMs);
      plainAudio -= found.audio;
      plainVideo -= found.video;
      audioBytes -= found.audioBytes;
      videoBytes -= found.videoBytes;
    }
    // Only for the kind that ends the batch, the time of the last frame is known without reading the other records.
    const last = (header[BATCH_COUNT] - 1) * RECORD_WORDS;
    const word = records[last + RECORD_TYPE_FLAGS];
    const whole = ((word >>> 8) & (NO_FRAME | FLAG_MULTITRACK)) === 0;
    const lastIsAudio = (word & 0xff) === AUDIO;
    const timestamp = records[last + RECORD_TIMESTAMP];
    if (plainAudio > 0) {
      this.#audio ??= this.#mark(0, nowMs);
      const track = this.#audio!;
      track.lastMs = nowMs;
      count(track, plainAudio, audioBytes, whole && lastIsAudio ? timestamp : undefined);
    }
    if (plainVideo > 0) {
      this.#video ??= this.#mark(IDS, nowMs);
      const track = this.#video!;
      track.lastMs = nowMs;
      count(track, plainVideo, videoBytes, whole && !lastIsAudio ? timestamp : undefined);
    }
  }

  /** The publisher is back after a gap: every track is waited for again. */
  restart(nowMs: number): void {
    for (const track of this.#tracks) track.lastMs = nowMs;
  }

  /** Adds up multitrack messages that have frames, whatever their track. */
  #noteRecords({ header, records }: TrackBatch, slab: Buffer, at: number, chunkSize: number, nowMs: number): void {
    const found = this.#found;
    const messages = header[BATCH_COUNT];
    for (let i = 0, r = 0; i < messages; i++, r += RECORD_WORDS) {
      const word = records[r + RECORD_TYPE_FLAGS];
      const flags = word >>> 8;
      if ((flags & FLAG_MULTITRACK) === 0 || (flags & NO_FRAME) !== 0) continue;
      const isAudio = (word & 0xff) === AUDIO;
      const base = isAudio ? 0 : IDS;
      const bytes = records[r + RECORD_PAYLOAD_BYTES];
      const ids = records[r + RECORD_TRACK];
      if (isAudio) {
        found.audio++;
        found.audioBytes += bytes;
      } else {
        found.video++;
        found.videoBytes += bytes;
      }
      const more = ids >>> 24;
      if (more === 0) {
        const track = this.#mark(base + (ids & 0xff), nowMs);
        if (track !== undefined) count(track, 1, bytes, records[r + RECORD_TIMESTAMP]);
        continue;
      }
      const message = readFramed(slab, at + records[r + RECORD_OFFSET], chunkSize);
      for (const id of trackIds(slab, message, chunkSize, more & 0x7f, more > 0x7f)) {
        const track = this.#mark(base + id, nowMs);
        if (track === undefined) continue;
        track.shared = true;
        count(track, 1, 0, records[r + RECORD_TIMESTAMP]);
      }
    }
  }

  /** @param key the id, plus 256 for video */
  #mark(key: number, nowMs: number): Counted | undefined {
    const place = this.#places[key];
    if (place !== 0) {
      const track = this.#tracks[place - 1];
      track.lastMs = nowMs;
      return track;
    }
    const trackId = key % IDS;
    // The default tracks are always watched.
    if (trackId !== 0 && this.#tracks.length >= MAX_TRACKS) return undefined;
    const kind = key < IDS ? 'audio' : 'video';
    const counts = { frames: 0, bytes: 0, timestamp: 0, shared: false, framesNow: 0, bytesNow: 0 };
    const track: Counted = { kind, trackId, lastMs: nowMs, ...counts };
    this.#places[key] = this.#tracks.push(track);
    return track;
  }
}

/** @param timestamp of the last of these frames, when it is known */
function count(track: Counted, frames: number, bytes: number, timestamp: number | undefined): void {
  track.framesNow += frames;
  track.bytesNow += bytes;
  if (timestamp === undefined) return;
  track.frames = track.framesNow;
  track.bytes = track.bytesNow;
  track.timestamp = timestamp;
}
