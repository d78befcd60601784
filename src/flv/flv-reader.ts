import { SluiceError } from '../core/errors.js';
import {
  BACK_POINTER_BYTES,
  FILE_HEADER_BYTES,
  FLAG_AUDIO,
  FLAG_VIDEO,
  type FlvTag,
  FlvTagType,
  MAX_TAG_BYTES,
  TAG_HEADER_BYTES,
} from './flv-format.js';

/** A file header that claims to be longer than this is damaged: the format has had 9 bytes since its first version. */
const MAX_HEADER_BYTES = 4096;
const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(FlvTagType));

/** Bounds of {@link FlvReader}. */
export interface FlvReaderOptions {
  /** Largest tag body taken, in bytes; default and maximum 16777215. */
  readonly maxTagBytes?: number;
}

/**
 * Reads an FLV file or live FLV stream (Adobe FLV 10.1 §E) piece by piece. Every split of the bytes gives the same
 * tags. At most one unfinished tag is held. Damage never throws: {@link FlvReader.failure} says what it is, and reading
 * stops there, after the tags before it.
 */
export class FlvReader {
  readonly #maxTagBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Bytes that must be there before the next step is possible. */
  #wanted = FILE_HEADER_BYTES;
  #state: 'header' | 'tag' = 'header';
  #offset = 0;
  #flags = 0;
  #failure: SluiceError | undefined;
  #wrongBackPointers = 0;

  /** @param options see {@link FlvReaderOptions} */
  constructor(options: FlvReaderOptions = {}) {
    this.#maxTagBytes = Math.min(options.maxTagBytes ?? MAX_TAG_BYTES, MAX_TAG_BYTES);
  }

  /** Whether the file header promises audio; false before it was read. */
  get hasAudio(): boolean {
    return (this.#flags & FLAG_AUDIO) !== 0;
  }

  /** Whether the file header promises video; false before it was read. */
  get hasVideo(): boolean {
    return (this.#flags & FLAG_VIDEO) !== 0;
  }

  /**
   * Why reading stopped: `ERR_FLV_SIGNATURE`, `ERR_FLV_TAG` or `ERR_FLV_TAG_SIZE`, with `details.offset`; `undefined`
   * while all is well.
   */
  get failure(): SluiceError | undefined {
    return this.#failure;
  }

  /** Number of tags whose PreviousTagSize was wrong. Players only warn of it, so these tags are returned as well. */
  get wrongBackPointers(): number {
    return this.#wrongBackPointers;
  }

  /** Bytes of an unfinished tag or header held back; not 0 at the end of a file means that it was cut. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Offset in bytes of the first byte after the last whole tag: where a cut file can be truncated. */
  get wholeBytes(): number {
    return this.#offset;
  }

  /**
   * @param bytes the next bytes; borrowed for as long as the returned tags are in use, because a tag that lies inside
   *   them is a view of them (one that spans two pushes is a copy)
   * @returns the tags that became whole, in order
   */
  push(bytes: Uint8Array): FlvTag[] {
    const tags: FlvTag[] = [];
    if (this.#failure !== undefined || bytes.length === 0) return tags;
    const more = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#pending.push(more);
    this.#pendingBytes += more.length;
    if (this.#pendingBytes < this.#wanted) return tags;
    const all = this.#pending.length === 1 ? more : Buffer.concat(this.#pending, this.#pendingBytes);
    let at = 0;
    for (;;) {
      const used = this.#step(all, at, tags);
      if (used === 0) break;
      at += used;
      this.#offset += used;
    }
    const rest = all.subarray(at);
    this.#pending = rest.length === 0 || this.#failure !== undefined ? [] : [rest];
    this.#pendingBytes = this.#failure === undefined ? rest.length : 0;
    return tags;
  }

  /** @returns bytes used, 0 when {@link FlvReader.#wanted} bytes are not there or reading failed */
  #step(all: Buffer, at: number, tags: FlvTag[]): number {
    const left = all.length - at;
    return this.#state === 'header' ? this.#readHeader(all, at, left) : this.#readTag(all, at, left, tags);
  }

  #readHeader(all: Buffer, at: number, left: number): number {
    if (left < FILE_HEADER_BYTES) return this.#need(FILE_HEADER_BYTES);
    if (all.toString('latin1', at, at + 3) !== 'FLV' || all[at + 3] !== 1) {
      return this.#fail('ERR_FLV_SIGNATURE', `it starts with ${all.toString('hex', at, at + 4)}`);
    }
    const length = all.readUInt32BE(at + 5);
    if (length < FILE_HEADER_BYTES || length > MAX_HEADER_BYTES) {
      return this.#fail('ERR_FLV_SIGNATURE', `a file header of ${length} bytes`);
    }
    if (left < length + BACK_POINTER_BYTES) return this.#need(length + BACK_POINTER_BYTES);
    this.#flags = all[at + 4]!;
    this.#state = 'tag';
    return length + BACK_POINTER_BYTES;
  }

  #readTag(all: Buffer, at: number, left: number, tags: FlvTag[]): number {
    if (left < TAG_HEADER_BYTES) return this.#need(TAG_HEADER_BYTES);
    const type = all[at]!;
    if (!KNOWN_TYPES.has(type)) return this.#fail('ERR_FLV_TAG', `tag type ${type}`);
    const size = all.readUIntBE(at + 1, 3);
    if (size > this.#maxTagBytes)
      return this.#fail('ERR_FLV_TAG_SIZE', `${size} bytes, at most ${this.#maxTagBytes} are taken`);
    const whole = TAG_HEADER_BYTES + size + BACK_POINTER_BYTES;
    if (left < whole) return this.#need(whole);
    const timestamp = all.readUIntBE(at + 4, 3) + all[at + 7]! * 0x1000000;
    const payload = all.subarray(at + TAG_HEADER_BYTES, at + TAG_HEADER_BYTES + size);
    if (all.readUInt32BE(at + TAG_HEADER_BYTES + size) !== TAG_HEADER_BYTES + size) this.#wrongBackPointers++;
    tags.push({ type, timestamp, payload });
    return whole;
  }

  #need(bytes: number): 0 {
    this.#wanted = bytes;
    return 0;
  }

  #fail(code: 'ERR_FLV_SIGNATURE' | 'ERR_FLV_TAG' | 'ERR_FLV_TAG_SIZE', detail: string): 0 {
    this.#failure = new SluiceError(code, `${detail}, at byte ${this.#offset}`, { details: { offset: this.#offset } });
    return 0;
  }
}
