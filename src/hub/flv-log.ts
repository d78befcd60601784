import { BACK_POINTER_BYTES, TAG_HEADER_BYTES } from '../flv/flv-format.js';
import { flvHeader, flvTag, writeFlvTagHeader } from '../flv/flv-writer.js';
import { copyPayload, readFramed } from './framing.js';
import type { HeaderCache, HeaderMessage } from './header-cache.js';
import { MAX_SLAB_BYTES, type Slab, type SlabPool } from './slab-pool.js';
import { StreamLog } from './stream-log.js';
import { TagIndex } from './tag-index.js';

/** The publication of which tags are made. */
interface TagSource {
  readonly log: StreamLog;
  readonly headers: HeaderCache;
  readonly chunkSize: number;
  /** Log position of the keyframe that begins the cached GOP. */
  readonly gopStart: number | undefined;
  /** Monotonic time of the newest message of each kind; 0 before the first. */
  readonly lastAudioMs: number;
  readonly lastVideoMs: number;
}

/** A player that reads tags. */
interface TagReader {
  /** Oldest position of the publication's log of which it still needs the tag, or Infinity. */
  readonly needsTagsFrom: number;
}

/** Whole tags that a player sends next. */
interface Tags {
  /** Immutable. Part of `slab`, and shared by all players at the same position, unless they are a copy. */
  readonly bytes: Buffer;
  readonly slab: Slab;
  readonly isCopy: boolean;
  /** The position of the publication's log behind the last of them. */
  readonly end: number;
}

const VIDEO = 9;
const DATA = 18;
/** Each tag may be this much longer than its message in chunks: 15 bytes of its own against 12. */
const LONGER_BYTES = 3;
/** Bytes that the index takes for each tag. */
const INDEX_BYTES = 16;

/**
 * The media of one publication as FLV tags (11-byte header, payload, PreviousTagSize), made once for all that read
 * them. It is a second log beside the publication's, which begins with its first reader and goes with its last.
 *
 * Positions are those of the publication's log, so everything that is known by such a position (keyframes, the cached
 * GOP, changed headers, how far a player is behind) holds for its tags, too. Tags are made when a player has its turn:
 * all that came since the turn before goes to one slab, and the players send it in one piece.
 */
export class FlvLog {
  readonly #source: TagSource;
  readonly #pool: SlabPool;
  readonly #readers = new Set<TagReader>();
  #tags: StreamLog;
  #index = new TagIndex();
  /** Tags are made of everything before this position of the publication's log, back to where they began. */
  #madeTo = 0;
  /** What players at one position were given last, with the end of the publication's log at that time. */
  #given: { readonly from: number; readonly head: number; readonly tags: Tags } | undefined;
  #preamble: { readonly key: string; readonly bytes: Buffer } | undefined;

  constructor(source: TagSource, pool: SlabPool) {
    this.#source = source;
    this.#pool = pool;
    this.#tags = new StreamLog(pool);
  }

  /** Bytes held: tags, where they are, and headers made for players that begin. */
  get heldBytes(): number {
    return this.#tags.heldBytes + this.#index.size * INDEX_BYTES + (this.#preamble?.bytes.length ?? 0);
  }

  /** Tags are made from now on, as long as there is a reader. */
  join(reader: TagReader): void {
    this.#readers.add(reader);
  }

  /** The last reader takes the tags with it. What is being sent stays until it is gone. */
  leave(reader: TagReader): void {
    if (this.#readers.delete(reader) && this.#readers.size === 0) this.close();
  }

  /** Drops all tags. Readers that are still there get those of what comes. */
  close(): void {
    this.#tags.close();
    this.#tags = new StreamLog(this.#pool);
    this.#index = new TagIndex();
    this.#madeTo = 0;
    this.#given = undefined;
    this.#preamble = undefined;
  }

  /** From where a reader at `position` still needs the publication's log: what is before is there as tags. */
  needsFrom(position: number): number {
    return Math.max(position, this.#madeTo);
  }

  /**
   * The tags from `position` on: all there are, or those up to the end of a slab.
   *
   * @param videoFrom video before this position is left out
   * @returns undefined when they are not there any more, or nothing has come yet
   */
  read(position: number, videoFrom: number): Tags | undefined {
    const { head } = this.#source.log;
    const given = this.#given;
    const isWhole = position >= videoFrom;
    if (isWhole && given !== undefined && given.from === position && given.head === head) return given.tags;
    const at = this.#find(position);
    const slab = at === undefined ? undefined : this.#tags.slabAt(at);
    if (at === undefined || slab === undefined) return undefined;
    const to = isWhole ? slab.end : Math.min(slab.end, this.#index.tagOf(videoFrom) ?? slab.end);
    const end = to === this.#tags.head ? this.#madeTo : this.#index.messageOf(to);
    if (end === undefined) return undefined;
    if (!isWhole)
      return { bytes: withoutVideo(slab.buffer, at - slab.start, to - slab.start), slab, isCopy: true, end };
    const tags = { bytes: this.#tags.view(slab, at), slab, isCopy: false, end };
    this.#given = { from: position, head, tags };
    return tags;
  }

  /** The time of the message at `position`, in ms, modulo 2^32; undefined when it is not there. */
  timestampAt(position: number): number | undefined {
    const at = this.#find(position);
    const slab = at === undefined ? undefined : this.#tags.slabAt(at);
    if (at === undefined || slab === undefined) return undefined;
    const tag = at - slab.start;
    return slab.buffer.readUIntBE(tag + 4, 3) + slab.buffer[tag + 7] * 2 ** 24;
  }

  /**
   * What a player needs before its first tag, or after frames that it has not been sent: the same messages, at the same
   * times, as {@link HeaderCache.preamble} has for players of RTMP.
   *
   * @param withFileHeader whether it has been sent nothing yet. The header promises the kinds that have come: browsers
   *   wait for ever for one that is promised and does not come
   * @returns an immutable shared Buffer, and whether it holds all there is
   */
  preamble(
    timestamp: number,
    before: number,
    withFileHeader: boolean,
  ): { readonly bytes: Buffer; readonly complete: boolean } {
    const { headers, lastAudioMs, lastVideoMs } = this.#source;
    const { due, complete } = headers.due(before);
    const kinds = { audio: lastAudioMs > 0, video: lastVideoMs > 0 };
    const promises = withFileHeader ? `${kinds.audio} ${kinds.video}` : 'none';
    const key = `${headers.version} ${timestamp} ${due.length} ${promises}`;
    if (this.#preamble?.key !== key) {
      const tag = ({ type, payload }: HeaderMessage): Buffer => flvTag(type, type === DATA ? 0 : timestamp, payload);
      const parts = withFileHeader ? [flvHeader(kinds)] : [];
      this.#preamble = { key, bytes: Buffer.concat([...parts, ...due.map(tag)]) };
    }
    return { bytes: this.#preamble.bytes, complete };
  }

  /** Lets go of the tags that neither the cached GOP nor any reader needs. */
  trim(): void {
    if (this.#index.size === 0) return;
    const needed = this.#oldestNeeded(this.#source.gopStart ?? this.#madeTo);
    const at = needed >= this.#madeTo ? this.#tags.head : this.#index.tagOf(needed);
    if (at === undefined) return;
    this.#tags.trim(at);
    this.#index.trim(this.#tags.tail);
    this.#given = undefined;
  }

  /** The least of `position` and those that readers still need. */
  #oldestNeeded(position: number): number {
    let needed = position;
    for (const { needsTagsFrom } of this.#readers) needed = Math.min(needed, needsTagsFrom);
    return needed;
  }

  /** Makes the tags of all that has come. @returns where the tag of the message at `position` is, if it is there */
  #find(position: number): number | undefined {
    const { log, gopStart } = this.#source;
    // There are none, or nobody needed what came in between and it is gone: tags begin with the first that is needed,
    // or may be by the next that joins.
    if (this.#index.size === 0 || (position > this.#madeTo && log.tail > this.#madeTo)) {
      this.close();
      this.#madeTo = this.#oldestNeeded(Math.min(position, gopStart ?? position));
    }
    if (this.#madeTo >= log.tail) this.#make();
    return this.#index.tagOf(position);
  }

  #make(): void {
    const { log, chunkSize } = this.#source;
    let isNew = true;
    while (this.#madeTo < log.head) {
      const from = log.slabAt(this.#madeTo);
      if (from === undefined) return;
      for (let at = this.#madeTo - from.start; at < from.used; ) {
        const message = readFramed(from.buffer, at, chunkSize);
        const left = log.head - this.#madeTo;
        const bytes = TAG_HEADER_BYTES + message.length + BACK_POINTER_BYTES;
        const slab = this.#room(bytes, Math.min(left + Math.max(LONGER_BYTES, left >> 6), MAX_SLAB_BYTES), isNew);
        const { type, timestamp: timestampMs, length: payloadBytes } = message;
        const body = writeFlvTagHeader(slab.buffer, slab.used, { type, timestampMs, payloadBytes });
        const end = copyPayload(from.buffer, message, chunkSize, slab.buffer, body);
        slab.buffer.writeUInt32BE(TAG_HEADER_BYTES + payloadBytes, end);
        this.#index.add(this.#madeTo, this.#tags.head);
        this.#tags.commit(bytes);
        at += message.framedBytes;
        this.#madeTo += message.framedBytes;
        isNew = false;
      }
    }
  }

  /**
   * The slab that takes the next tag.
   *
   * @param wanted bytes of all that is still to be made, about: a new slab has room for them
   * @param isFirst whether it is the first tag of this turn: all of them go to one slab, so that players send one piece
   */
  #room(bytes: number, wanted: number, isFirst: boolean): Slab {
    const tags = this.#tags;
    const last = tags.last;
    const most = Math.max(bytes, wanted);
    if (last !== undefined && !tags.needsSlab(isFirst ? most : bytes)) return last;
    if (last !== undefined) this.trim();
    const { lastAudioMs, lastVideoMs } = this.#source;
    return tags.reserve(most, tags.head, Math.max(lastAudioMs, lastVideoMs));
  }
}

/** Copies whole tags in `[from, to)`, leaving out video. */
function withoutVideo(buffer: Buffer, from: number, to: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = from; at < to; ) {
    const end = at + TAG_HEADER_BYTES + buffer.readUIntBE(at + 1, 3) + BACK_POINTER_BYTES;
    if (buffer[at] !== VIDEO) parts.push(buffer.subarray(at, end));
    at = end;
  }
  // The account of copies counts the whole memory behind a Buffer, so it must not be a piece of a pool.
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) at += part.copy(bytes, at);
  return bytes;
}
