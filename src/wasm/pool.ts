import { SluiceError } from '../core/errors.js';
import type { MemoryAccount } from '../core/memory-account.js';
import { Uncollected } from '../core/uncollected.js';
import { AmfScanner } from './amf-scanner.js';
import { ChunkCodec, type ChunkCodecOptions } from './chunk-codec.js';
import type { WasmFlavour } from './instance.js';
import type { CodecLimits } from './limits.js';
import { emptyTally } from './memory-tally.js';

/** Memories with more touched bytes than this are dropped one after the other. The others cost next to nothing. */
const LARGE_BYTES = 1 << 20;
/**
 * Time between two large memories that are dropped, in ms. V8 collects for each, and the system takes its pages back.
 */
const BETWEEN_MS = 20;
/** One in so many of those that wait is dropped at a time, so that a long queue does not wait for ever. */
const WAITING_PART = 16;

/** A memory that is no longer used. */
interface Leaving {
  readonly buffer: SharedArrayBuffer;
  readonly bytes: number;
}

/**
 * Keeps small instances ready, so that a new connection costs no instantiation. An instance is wiped when it comes
 * back; an enlarged or broken one is dropped.
 */
export class CodecPool {
  readonly #free: ChunkCodec[] = [];
  readonly #options: ChunkCodecOptions;
  readonly #keep: number;
  readonly #leased = new Set<ChunkCodec>();
  readonly #leasedBytes = emptyTally();
  readonly #pooledBytes = emptyTally();
  readonly #dropped = new Uncollected();
  /**
   * For each dropped memory, a buffer of the same size that V8 counts. V8 does not count shared memories, and without
   * these it would leave gigabytes of them uncollected until it collects for another reason.
   */
  readonly #weights = new WeakMap<object, ArrayBuffer>();
  /** Large memories that wait to be dropped. Forty at once would stop the event loop for a twentieth of a second. */
  readonly #leaving: Leaving[] = [];
  #leavingBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param options.warm instances that are made ahead, as far as there is memory, and the most that are kept */
  constructor(options: { flavour?: WasmFlavour; warm?: number; limits: Partial<CodecLimits> }) {
    const { flavour, limits } = options;
    this.#options = { flavour, limits, scanner: new AmfScanner({ flavour, limits }) };
    this.#keep = options.warm ?? 0;
    for (let made = 0; made < this.#keep && this.#makeAhead(); made++);
  }

  /** Makes one instance ahead. Where the address space is limited, fewer are made: connections need them more. */
  #makeAhead(): boolean {
    try {
      this.#pool(new ChunkCodec(this.#options));
      return true;
    } catch (error) {
      if (error instanceof SluiceError && error.code === 'ERR_WASM_MEMORY') return false;
      throw error;
    }
  }

  /** @throws SluiceError ERR_WASM_MEMORY when the process can hold no more instances: refuse the connection */
  acquire(): ChunkCodec {
    const codec = this.#free.pop() ?? new ChunkCodec(this.#options);
    this.#leased.add(codec);
    codec.countIn(this.#leasedBytes);
    return codec;
  }

  /**
   * Takes a codec back. Nothing that was read from it may be used afterwards. A second release of the same codec does
   * nothing.
   */
  release(codec: ChunkCodec): void {
    if (!this.#leased.delete(codec)) return;
    if (!codec.reusable || this.#free.length >= this.#keep) {
      this.#drop(codec);
      return;
    }
    codec.wipe();
    this.#pool(codec);
  }

  #pool(codec: ChunkCodec): void {
    codec.countIn(this.#pooledBytes);
    this.#free.push(codec);
  }

  /** Puts the memories on the account. */
  joinAccount(account: MemoryAccount): void {
    account.register('reassembly', () => this.#leasedBytes.reassembly);
    account.register('linear', () => this.#leasedBytes.touched);
    account.register('linear_pooled', () => this.#pooledBytes.touched);
    account.register('linear_dropped', () => this.#dropped.bytes + this.#leavingBytes);
  }

  #drop(codec: ChunkCodec): void {
    codec.countIn(undefined);
    // After a trap these words may have any value.
    const bytes = Math.min(codec.touchedBytes + codec.reassemblyBytes, codec.memory.buffer.byteLength);
    const leaving = { buffer: codec.memory.buffer, bytes };
    if (bytes <= LARGE_BYTES) {
      this.#letGo(leaving);
      return;
    }
    this.#leaving.push(leaving);
    this.#leavingBytes += bytes;
    this.#timer ??= setTimeout(() => this.#letSomeGo(), BETWEEN_MS).unref();
  }

  #letSomeGo(): void {
    this.#timer = undefined;
    for (const leaving of this.#leaving.splice(0, Math.ceil(this.#leaving.length / WAITING_PART))) {
      this.#leavingBytes -= leaving.bytes;
      this.#letGo(leaving);
    }
    if (this.#leaving.length > 0) this.#timer = setTimeout(() => this.#letSomeGo(), BETWEEN_MS).unref();
  }

  #letGo({ buffer, bytes }: Leaving): void {
    this.#dropped.letGo(buffer, bytes);
    const weight = weightOf(bytes);
    if (weight !== undefined) this.#weights.set(buffer, weight);
  }

  /** Codecs acquired and not released. */
  get live(): number {
    return this.#leased.size;
  }

  /** Wiped codecs ready for use. */
  get free(): number {
    return this.#free.length;
  }
}

/**
 * An object that V8 counts as so many bytes and that takes none. A plain ArrayBuffer comes from the allocator, which
 * fills it with zeros when its bytes were in use before: 40 to 200 MB and up to 28 ms for four hundred of 8 MiB. A
 * resizable one gets pages from the system only when they are written to.
 */
function weightOf(bytes: number): ArrayBuffer | undefined {
  const Resizable = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
  try {
    return new Resizable(bytes, { maxByteLength: bytes });
  } catch {
    // There is no address space for it. The weight is a hint only, so nothing is lost.
    return undefined;
  }
}
