import * as C from '../../assembly/constants.js';
import { AmfScanner } from './amf-scanner.js';
import type { AmfValue } from './amf-value.js';
import { CodecCipher } from './codec-cipher.js';
import { type CodecMemory, copyState, openMemory } from './codec-memory.js';
import { codecError } from './errors.js';
import type { WasmExports, WasmFlavour } from './instance.js';
import { type CodecLimits, normaliseLimits, pagesFor, writeLimits } from './limits.js';
import type { MemoryTally } from './memory-tally.js';
import { SlabArea } from './slab-area.js';

/** Results of {@link ChunkCodec.next} that are no errors. */
export const Status = {
  NeedInput: C.STATUS_NEED_INPUT,
  Message: C.STATUS_MESSAGE,
  More: C.STATUS_MORE,
} as const;

/** A message that is neither audio nor video. `payload` is borrowed until the next {@link ChunkCodec.next}. */
export interface CodecMessage {
  readonly type: number;
  /** Low 32 bits of the unwrapped timestamp, ms. */
  readonly timestamp: number;
  readonly messageStreamId: number;
  readonly chunkStreamId: number;
  readonly payload: Uint8Array;
  /** The AMF0 values of the payload: see {@link ChunkCodec.readAmf0}. */
  readAmf0(): AmfValue[];
}

/**
 * The one that media is framed for in place. It is asked for room when a message does not fit where the codec frames.
 */
export interface FrameTarget {
  /** May {@link ChunkCodec.aim} at `bytes` or more. If it does not, media is copied out. */
  makeRoom(bytes: number): void;
}

/**
 * Up to this many bytes a loop is faster than a view and set(). It is the size of a header between two pieces of
 * payload.
 */
const SHORT_SEGMENT = 24;

/**
 * Bytes that a connection touches when it only connects, or plays: header, first chunk streams, stash and the first
 * page of INPUT.
 */
const SMALL_TOUCHED_BYTES = 20_480;
const PAGE_BYTES = 4096;

/**
 * Copies out of the shared linear memory. `set` copies word by word there (V8 expects another thread to write
 * meanwhile), which took four times as long at 60 KB. Buffer's `fill` with bytes of exactly the same length is a plain
 * memory copy.
 */
const copyOut = Buffer.prototype.fill as (this: Uint8Array, from: Uint8Array, start: number, end: number) => Uint8Array;

/** Options of a {@link ChunkCodec}. */
export interface ChunkCodecOptions {
  readonly limits?: Partial<CodecLimits>;
  readonly flavour?: WasmFlavour;
  readonly scanner?: AmfScanner;
}

/**
 * The receiving half of one RTMP connection: chunk reader, assembler and framer for players (RTMP 1.0 §5.3), all inside
 * one WASM instance with a memory that never grows. Bytes of the socket go into {@link input}. Media comes out as one
 * batch of framed bytes a call, with one record a message; other messages come out one at a time.
 */
export class ChunkCodec {
  readonly limits: CodecLimits;
  readonly flavour: WasmFlavour;
  #views: CodecMemory;
  #read: (start: number, end: number) => number;
  #scanner: AmfScanner | undefined;
  #enlarged = false;
  #broken = false;
  #slabs: SlabArea | undefined;
  #tally: MemoryTally | undefined;
  /** Bytes of this memory that the tally counts as unfinished messages. */
  #talliedReassembly = 0;
  #talliedTouched = 0;
  /** {@link SlabArea.idleBytes}, kept here because it is read often. */
  #idleSlabBytes = 0;
  /** Bytes of INPUT that were written to. */
  #inputBytes = PAGE_BYTES;
  /** Bytes that were touched when the memory was last wiped. They stay touched. */
  #touchedBefore = 0;
  #cause: unknown;
  #cipher: CodecCipher | undefined;

  /** Set by the object that aims this codec at its memory. */
  target: FrameTarget | undefined;
  /**
   * 64 KiB of linear memory for socket bytes. `setPublishing(true)` replaces it, so read this property again after
   * that.
   */
  input: Buffer;
  /** Header words, indexed by BATCH_* of assembly/constants.ts. */
  header: Uint32Array;
  /** Records of the batch, RECORD_WORDS words each. Valid until {@link next}. */
  records: Uint32Array;

  /**
   * @param options.scanner - reads the AMF0 of messages; one serves many codecs. Default: one of its own, made when
   *   needed
   */
  constructor(options: ChunkCodecOptions = {}) {
    this.#scanner = options.scanner;
    this.limits = normaliseLimits(options.limits ?? {});
    this.flavour = options.flavour ?? 'release';
    const views = openMemory(pagesFor(this.limits, false), this.flavour);
    this.#views = views;
    this.#read = views.exports.read;
    this.input = views.input;
    this.header = views.header;
    this.records = views.records;
    views.exports.init();
    writeLimits(this.header, this.limits, false);
  }

  /**
   * Reads what is new in `input[start,end)`; `(0,0)` goes on after a Message or More. Bytes before `start` must be done
   * with.
   *
   * @returns a {@link Status}, or a negative number: see {@link error}. Whatever it is, a batch may be there.
   */
  next(start: number, end: number): number {
    if (this.header[C.NEEDED_BYTES] !== 0) this.target?.makeRoom(this.header[C.NEEDED_BYTES] + C.COPY_SLACK);
    try {
      this.noteInput(end);
      const status = this.#read(start, end);
      if (this.#tally !== undefined) this.#count(this.#tally);
      return status;
    } catch (cause) {
      // A trap is a defect of Sluice. The state of the instance is unknown, so nothing of it is used again.
      this.#broken = true;
      this.#cause = cause;
      this.header.fill(0, 0, C.BATCH_SEGMENTS + 1);
      this.#read = () => C.ERR_WASM_TRAP;
      return C.ERR_WASM_TRAP;
    }
  }

  /**
   * Notes that so many bytes of {@link input} were written to, whether {@link next} will read them or not. {@link wipe}
   * clears them.
   */
  noteInput(bytes: number): void {
    if (bytes > this.#inputBytes) this.#inputBytes = bytes;
  }

  /** The error behind a negative result of {@link next}. */
  error(status: number): Error {
    return codecError(status, this.#cause);
  }

  /** Messages in the batch. */
  get batchCount(): number {
    return this.header[C.BATCH_COUNT];
  }

  /** Bytes of the batch as framed for players. */
  get batchBytes(): number {
    return this.header[C.BATCH_BYTES];
  }

  /** Address of the batch when it was framed where {@link aim} said, in one piece; else 0. */
  get batchAddress(): number {
    return this.header[C.BATCH_ADDRESS];
  }

  /** All record flags of the batch, or-ed. */
  get batchFlags(): number {
    return this.header[C.BATCH_FLAGS];
  }

  /** The message stream id all messages of the batch came on. */
  get batchMessageStreamId(): number {
    return this.header[C.BATCH_MESSAGE_STREAM_ID];
  }

  /** The part of a publisher's memory that {@link aim} may be given. A small codec has none. */
  get slabs(): SlabArea | undefined {
    return this.#slabs;
  }

  /**
   * Frames media into `[address, end)` of {@link slabs} from now on, batch behind batch; header word BATCH_ADDRESS says
   * where a batch begins. Bytes behind the last batch belong to the codec, which keeps unfinished messages there. `(0,
   * 0)` ends that. The present batch must be taken before. Call it again after anything else was written behind the
   * last batch.
   */
  aim(address: number, end: number): void {
    if (!this.#broken) this.#views.exports.aim(address, end);
  }

  /** Copies the batch to `target[offset, offset + batchBytes)`. */
  copyBatch(target: Uint8Array, offset: number): void {
    const { bytes, segments } = this.#views;
    const count = this.header[C.BATCH_SEGMENTS];
    let at = offset;
    for (let index = 0; index < count * 2; index += 2) {
      const start = segments[index];
      const length = segments[index + 1];
      if (length > SHORT_SEGMENT) {
        copyOut.call(target, bytes.subarray(start, start + length), at, at + length);
        at += length;
      } else {
        for (let from = start; from < start + length; from++) target[at++] = bytes[from];
      }
    }
  }

  /** The message after {@link Status}.Message; its payload is borrowed until {@link next}. */
  get message(): CodecMessage {
    const { header } = this;
    const ptr = header[C.MESSAGE_PTR];
    return {
      type: header[C.MESSAGE_TYPE],
      timestamp: header[C.MESSAGE_TIMESTAMP],
      messageStreamId: header[C.MESSAGE_STREAM_ID],
      chunkStreamId: header[C.MESSAGE_CHUNK_STREAM_ID],
      payload: this.#views.bytes.subarray(ptr, ptr + header[C.MESSAGE_LENGTH]),
      readAmf0: () => this.readAmf0(),
    };
  }

  /**
   * A publish on this message stream begins. From now on its timestamps are guarded, apart from those of other message
   * streams, which pass as they are. Where they jump (more than TS_BACK_MS back within audio or within video, more than
   * TS_FORWARD_MS ahead of the newest), the messages from there on are moved to follow TS_STEP_MS after the newest, and
   * the record of the first has FLAG_REBASED.
   *
   * @param from timestamp that its first message gets, in ms, 64-bit unwrapped, so that players of a resumed stream see
   *   time go on; undefined: timestamps pass as they come
   */
  beginTimeline(messageStreamId: number, from?: number): void {
    if (!this.#broken) this.#views.exports.beginTimeline(messageStreamId, from ?? -1);
  }

  /** The publish on this message stream is over; it ends what {@link beginTimeline} began. */
  endTimeline(messageStreamId: number): void {
    if (!this.#broken) this.#views.exports.endTimeline(messageStreamId);
  }

  /**
   * The AMF0 values of {@link message}. Types 15 and 17 have one byte before them (0: AMF0 follows), which is skipped.
   *
   * @throws SluiceError ERR_AMF_* when a limit is passed or a marker cannot be read
   */
  readAmf0(): AmfValue[] {
    const { header } = this;
    const type = header[C.MESSAGE_TYPE];
    const length = header[C.MESSAGE_LENGTH];
    const skip = (type === 15 || type === 17) && length > 0 ? 1 : 0;
    this.#scanner ??= new AmfScanner({ limits: this.limits, flavour: this.flavour });
    return this.#scanner.readAt(this.#views.words, header[C.MESSAGE_PTR] + skip, length - skip);
  }

  /**
   * Raises the media limit for a publisher and, the first time, moves everything to a larger memory with the same
   * offsets. Call it between two calls of {@link next}, after taking the batch. Afterwards `input`, `header` and
   * `records` are new objects; the `message` that was taken before keeps its bytes.
   */
  setPublishing(on: boolean): void {
    if (on && !this.#enlarged) {
      const pages = pagesFor(this.limits, true);
      if (pages > pagesFor(this.limits, false) || this.limits.slabBytes > 0) this.#moveTo(pages);
      this.#enlarged = true;
      if (this.#tally !== undefined) this.#count(this.#tally);
    }
    writeLimits(this.header, this.limits, on);
  }

  #moveTo(pages: number): void {
    const from = this.#views;
    const slabPages = Math.min(Math.floor(this.limits.slabBytes / 65536), C.MAX_PAGES - pages);
    const to = openMemory(pages + slabPages, this.flavour);
    copyState(from, to, this.#inputBytes);
    to.exports.resize(pages * 65536);
    const onIdle = (bytes: number): void => {
      this.#idleSlabBytes = bytes;
      if (this.#tally !== undefined) this.#count(this.#tally);
    };
    if (slabPages > 0) this.#slabs = new SlabArea(to.memory.buffer, pages * 65536, to.bytes.length, onIdle);
    this.#views = to;
    this.#read = to.exports.read;
    this.input = to.input;
    this.header = to.header;
    this.records = to.records;
  }

  /** The ciphers of a connection that is encrypted (RTMPE), made when they are first asked for. */
  get cipher(): CodecCipher {
    this.#cipher ??= new CodecCipher(() => this.#views);
    return this.#cipher;
  }

  /** Whether the instance may serve another connection: small, and never trapped. */
  get reusable(): boolean {
    return !this.#enlarged && !this.#broken;
  }

  /** Clears everything that a connection left in memory. Only for a {@link reusable} codec. */
  wipe(): void {
    this.#touchedBefore = this.touchedBytes + this.reassemblyBytes;
    this.#views.exports.wipe(this.#inputBytes);
    writeLimits(this.header, this.limits, false);
  }

  /** Bytes given to {@link next} so far. */
  get bytesIn(): number {
    return this.header[C.BYTES_IN] + this.header[C.BYTES_IN + 1] * 2 ** 32;
  }

  /** Messages of unknown type that were ignored. */
  get dropped(): number {
    return this.header[C.DROPPED];
  }

  /** Messages that have begun and are not complete. */
  get partialMessages(): number {
    return this.header[C.PARTIALS];
  }

  /** Payload bytes of unfinished messages, the chunk in flight included. */
  get reassemblyBytes(): number {
    return this.header[C.REASSEMBLY];
  }

  /**
   * Bytes of memory that have been touched, without partial messages and without slabs that are leased to a log: as
   * well as can be known.
   */
  get touchedBytes(): number {
    const { header } = this;
    const blocks = header[C.BLOCK_TOP] - C.BLOCKS;
    const framed = Math.max(0, header[C.OUT_HIGH] - C.OUT);
    const small = SMALL_TOUCHED_BYTES - PAGE_BYTES + this.#inputBytes;
    const base = this.#enlarged ? C.INPUT + C.INPUT_BYTES : small;
    const ciphers = Math.max(0, header[C.CIPHER_HIGH] - C.CIPHER_IN);
    const inUse = base + framed + ciphers + Math.max(0, blocks - this.reassemblyBytes) + this.#idleSlabBytes;
    return Math.max(inUse, this.#touchedBefore - this.reassemblyBytes);
  }

  /** Counts this memory in `tally` from now on, and no longer in the one before; undefined: in none. */
  countIn(tally: MemoryTally | undefined): void {
    if (this.#tally !== undefined) {
      this.#tally.reassembly -= this.#talliedReassembly;
      this.#tally.touched -= this.#talliedTouched;
    }
    this.#tally = tally;
    this.#talliedReassembly = 0;
    this.#talliedTouched = 0;
    if (tally !== undefined) this.#count(tally);
  }

  /**
   * Is called for every read, while all that it reads is in the processor's cache. Going through hundreds of memories
   * now and then costs more.
   */
  #count(tally: MemoryTally): void {
    const { reassemblyBytes, touchedBytes } = this;
    tally.reassembly += reassemblyBytes - this.#talliedReassembly;
    tally.touched += touchedBytes - this.#talliedTouched;
    this.#talliedReassembly = reassemblyBytes;
    this.#talliedTouched = touchedBytes;
  }

  /** Blocks in use: 0 or 1 for each unfinished message, and those that the batch and the message hold. */
  get blocksLive(): number {
    return this.header[C.BLOCKS_LIVE];
  }

  /** Whether input is left that {@link next}(0,0) will read. */
  get hasUnread(): boolean {
    return this.header[C.READ_POS] < this.header[C.READ_END] || this.header[C.AGGREGATE] !== 0;
  }

  /** The memory of the instance, for tests and accounting. */
  get memory(): WebAssembly.Memory {
    return this.#views.memory;
  }

  /** The module's exports, for tests. */
  get exports(): WasmExports {
    return this.#views.exports;
  }
}
