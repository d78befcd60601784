import {
  BATCH_COUNT,
  FLAG_CONFIG,
  FLAG_MULTITRACK,
  FLAG_SEQUENCE_HEADER,
  RECORD_CODEC,
  RECORD_OFFSET,
  RECORD_TRACK,
  RECORD_TYPE_FLAGS,
  RECORD_WORDS,
} from '../../assembly/constants.js';
import { codecFamily } from '../media/codec-family.js';
import { trackFactsFromConfig, trackFactsFromFrame } from '../media/track-facts.js';
import { readFramed, readPayload } from './framing.js';
import { NO_FRAME, type PlacedBatch } from './media-inspector.js';

const AUDIO = 8;
const HEADER = FLAG_SEQUENCE_HEADER | FLAG_CONFIG;
/** Bytes of a frame that are looked at, for codecs that have no sequence header. */
const FRAME_BYTES = 1024;
/** What a frame of AAC may be: it does not say which of them. */
const AAC: readonly string[] = ['mp4a.40.1', 'mp4a.40.2', 'mp4a.40.5', 'mp4a.40.29', 'mp4a.40.42'];

/**
 * Finds codecs that a stream may not have, before any player gets a byte of them: in every sequence header, and in each
 * frame that names another codec than the one of its track before it. A stream without such a limit has no guard.
 */
export class CodecGuard {
  /** Prefixes of RFC 6381 codec strings. */
  #allowed!: readonly string[];
  readonly #chunkSize: number;
  /** The codec of each track as its messages name it, by message type and track. */
  readonly #known = new Map<number, number>();
  #refused = false;

  constructor(allowed: readonly string[], chunkSize: number) {
    this.#chunkSize = chunkSize;
    this.allow(allowed);
  }

  /** Other codecs are allowed from now on: frames are looked at again. */
  allow(allowed: readonly string[]): void {
    this.#allowed = allowed.map((prefix) => prefix.toLowerCase());
    this.#known.clear();
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
    const count = header[BATCH_COUNT];
    for (let i = 0, r = 0; i < count; i++, r += RECORD_WORDS) {
      const word = records[r + RECORD_TYPE_FLAGS];
      const flags = word >>> 8;
      if ((flags & HEADER) === 0) {
        if ((flags & NO_FRAME) !== 0) continue;
        // Every track of a message with several names a codec of its own.
        const isKnown = this.#known.get(trackOf(records, r)) === records[r + RECORD_CODEC];
        if (isKnown && (flags & FLAG_MULTITRACK) === 0) continue;
      }
      const codec = this.#forbidden(placed, r);
      if (codec === undefined) continue;
      this.#refused = true;
      found(codec);
      return true;
    }
    return false;
  }

  /** The codec of a message that is not allowed; undefined when it is. */
  #forbidden({ batch: { records }, buffer, at }: PlacedBatch, r: number): string | undefined {
    const word = records[r + RECORD_TYPE_FLAGS];
    const flags = word >>> 8;
    const kind = (word & 0xff) === AUDIO ? 'audio' : 'video';
    const isHeader = (flags & HEADER) !== 0;
    const isWhole = isHeader || (flags & FLAG_MULTITRACK) !== 0;
    const message = readFramed(buffer, at + records[r + RECORD_OFFSET], this.#chunkSize);
    const payload = readPayload(buffer, message, this.#chunkSize, isWhole ? undefined : FRAME_BYTES);
    const tracks = isHeader ? trackFactsFromConfig(kind, payload) : trackFactsFromFrame(kind, payload);
    const family = codecFamily(kind, records[r + RECORD_CODEC]);
    if (tracks.length === 0) return this.#mayBe(family) ? undefined : shown(family);
    const found = tracks.find(({ codec }) =>
      isHeader ? !this.#is(codec) : !this.#mayBe(family === 'mp4a' ? family : codec),
    );
    if (found === undefined) this.#known.set(trackOf(records, r), records[r + RECORD_CODEC]);
    return found?.codec;
  }

  #is(codec: string): boolean {
    const lower = codec.toLowerCase();
    return this.#allowed.some((prefix) => lower.startsWith(prefix));
  }

  /** The same for a codec of which a header would say more, such as `avc1`, of which some profiles may be allowed. */
  #mayBe(codec: string): boolean {
    if (codec === 'mp4a') return AAC.some((each) => this.#is(each));
    const lower = codec.toLowerCase();
    return this.#is(codec) || this.#allowed.some((prefix) => prefix.startsWith(lower));
  }
}

function trackOf(records: PlacedBatch['batch']['records'], r: number): number {
  return ((records[r + RECORD_TYPE_FLAGS] & 0xff) << 8) | (records[r + RECORD_TRACK] & 0xff);
}

/** A codec that nobody knows may have any bytes as its name. */
function shown(family: string): string {
  return /^[\x21-\x7e]{1,16}$/.test(family) ? family : 'an unknown codec';
}
