import {
  BATCH_COUNT,
  BATCH_FLAGS,
  FLAG_CONFIG,
  FLAG_SEQUENCE_HEADER,
  RECORD_OFFSET,
  RECORD_TYPE_FLAGS,
  RECORD_WORDS,
} from '../../assembly/constants.js';
import { trackFactsFromConfig, trackFactsFromFrame } from '../media/track-facts.js';
import type { MediaKind } from '../model/track.js';
import { readFramed, readPayload } from './framing.js';
import { NO_FRAME, type PlacedBatch } from './media-inspector.js';

const AUDIO = 8;
const HEADER = FLAG_SEQUENCE_HEADER | FLAG_CONFIG;
/** Bytes of a frame that are looked at, for codecs that have no sequence header. */
const FRAME_BYTES = 1024;

/**
 * Finds codecs that a stream may not have, before any player gets a byte of them: in every sequence header, and in the
 * first frame of each kind. A stream without such a limit has no guard.
 */
export class CodecGuard {
  /** Prefixes of RFC 6381 codec strings. */
  readonly #allowed: readonly string[];
  readonly #chunkSize: number;
  readonly #seen: Record<MediaKind, boolean> = { audio: false, video: false };
  #refused = false;

  constructor(allowed: readonly string[], chunkSize: number) {
    this.#allowed = allowed.map((prefix) => prefix.toLowerCase());
    this.#chunkSize = chunkSize;
  }

  /**
   * Looks at a batch that is not in the log yet. After the first codec that is not allowed it refuses every batch.
   *
   * @param found is told the codec, once
   * @returns whether the batch must not become part of the stream
   */
  refuses(placed: PlacedBatch, found: (codec: string) => void): boolean {
    if (this.#refused) return true;
    const { header, records } = placed.batch;
    const { audio, video } = this.#seen;
    if (audio && video && (header[BATCH_FLAGS] & HEADER) === 0) return false;
    const count = header[BATCH_COUNT];
    for (let i = 0, r = 0; i < count; i++, r += RECORD_WORDS) {
      const word = records[r + RECORD_TYPE_FLAGS];
      const kind = (word & 0xff) === AUDIO ? 'audio' : 'video';
      const codec = this.#forbidden(placed, records[r + RECORD_OFFSET], kind, word >>> 8);
      if (codec === undefined) continue;
      this.#refused = true;
      found(codec);
      return true;
    }
    return false;
  }

  /** The codec of a message that is not allowed; undefined when it is, or when the message shows none. */
  #forbidden({ buffer, at }: PlacedBatch, offset: number, kind: MediaKind, flags: number): string | undefined {
    const isHeader = (flags & HEADER) !== 0;
    if (!isHeader && ((flags & NO_FRAME) !== 0 || this.#seen[kind])) return undefined;
    const message = readFramed(buffer, at + offset, this.#chunkSize);
    const payload = readPayload(buffer, message, this.#chunkSize, isHeader ? undefined : FRAME_BYTES);
    const tracks = isHeader ? trackFactsFromConfig(kind, payload) : trackFactsFromFrame(kind, payload);
    if (tracks.length > 0) this.#seen[kind] = true;
    return tracks.find(({ codec }) => !this.#allowed.some((prefix) => codec.toLowerCase().startsWith(prefix)))?.codec;
  }
}
