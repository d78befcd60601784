import { SluiceError } from '../core/errors.js';
import type { MemoryAccount } from '../core/memory-account.js';
import { Uncollected } from '../core/uncollected.js';
import { AmfScanner } from './amf-scanner.js';
import { ChunkCodec, type ChunkCodecOptions } from './chunk-codec.js';
import type { WasmFlavour } from './instance.js';
import type { CodecLimits } from './limits.js';

/** Small memories are added up in every so many calls of {@link CodecPool.measure}. */
const SMALL_EVERY = 4;

/** What memories take. */
interface MemoryBytes {
  /** Of unfinished messages. */
  readonly reassembly: number;
  /** Of everything else. */
  readonly touched: number;
}
const NO_BYTES: MemoryBytes = { reassembly: 0, touched: 0 };

function bytesOf(codecs: Iterable<ChunkCodec>): MemoryBytes {
  let reassembly = 0;
  let touched = 0;
  for (const codec of codecs) {
    reassembly += codec.reassemblyBytes;
    touched += codec.touchedBytes;
  }
  return { reassembly, touched };
}

/**
 * Warm small instances, so that a new connection costs no instantiation. Each is wiped when it comes back; an enlarged or
 * broken one is dropped.
 */
export class CodecPool {
  readonly #free: ChunkCodec[] = [];
  readonly #options: ChunkCodecOptions;
  readonly #keep: number;
  /** Lent, of connections that have not published: bounded in what they can hold. */
  readonly #small = new Set<ChunkCodec>();
  /** Lent, of connections that have published. */
  readonly #large = new Set<ChunkCodec>();
  #measured = 0;
  #smallBytes: MemoryBytes = NO_BYTES;
  #largeBytes: MemoryBytes = NO_BYTES;
  #pooledBytes: MemoryBytes = NO_BYTES;
  readonly #dropped = new Uncollected();
  /**
   * For each memory that was let go of, as many bytes that V8 counts: it does not count shared memories, and without these it would leave
   * gigabytes of them lying until it collects for another reason. They are never written to, so they cost no pages.
   */
  readonly #weights = new WeakMap<object, ArrayBuffer>();

  /** @param options.warm - instances made ahead, as far as there is memory, and kept at most */
  constructor(options: { flavour?: WasmFlavour; warm?: number; limits: Partial<CodecLimits> }) {
    const { flavour, limits } = options;
    const onEnlarged = (codec: ChunkCodec): void => {
      if (this.#small.delete(codec)) this.#large.add(codec);
    };
    this.#options = { flavour, limits, scanner: new AmfScanner({ flavour, limits }), onEnlarged };
    this.#keep = options.warm ?? 0;
    for (let made = 0; made < this.#keep && this.#makeAhead(); made++);
  }

  /** Makes one instance ahead. Where the address space is limited there are fewer: those that connections need are worth more. */
  #makeAhead(): boolean {
    try {
      this.#free.push(new ChunkCodec(this.#options));
      return true;
    } catch (error) {
      if (error instanceof SluiceError && error.code === 'ERR_WASM_MEMORY') return false;
      throw error;
    }
  }

  /** @throws SluiceError ERR_WASM_MEMORY when the process can hold no more instances: refuse the connection */
  acquire(): ChunkCodec {
    const codec = this.#free.pop() ?? new ChunkCodec(this.#options);
    this.#small.add(codec);
    return codec;
  }

  /** Takes a codec back. Nothing read from it may be used afterwards. A second release of the same codec does nothing. */
  release(codec: ChunkCodec): void {
    if (!this.#small.delete(codec) && !this.#large.delete(codec)) return;
    if (!codec.reusable || this.#free.length >= this.#keep) {
      this.#drop(codec);
      return;
    }
    codec.wipe();
    this.#free.push(codec);
  }

  /** Puts the memories on the account; {@link measure} brings the numbers up to date. */
  joinAccount(account: MemoryAccount): void {
    account.register('reassembly', () => this.#smallBytes.reassembly + this.#largeBytes.reassembly);
    account.register('linear', () => this.#smallBytes.touched + this.#largeBytes.touched);
    account.register('linear_pooled', () => this.#pooledBytes.touched);
    account.register('linear_dropped', () => this.#dropped.bytes);
  }

  /**
   * Adds up what all memories take. Call it a few times a second. The small ones are looked at in every {@link SMALL_EVERY}th call only:
   * there may be thousands, and each lies on pages of its own.
   *
   * @param all looks at the small ones too: somebody wants the sum as it is now
   */
  measure(all = false): void {
    this.#largeBytes = bytesOf(this.#large);
    if (!all && this.#measured++ % SMALL_EVERY !== 0) return;
    this.#smallBytes = bytesOf(this.#small);
    this.#pooledBytes = bytesOf(this.#free);
  }

  #drop(codec: ChunkCodec): void {
    const bytes = codec.touchedBytes + codec.reassemblyBytes;
    const { buffer } = codec.memory;
    this.#dropped.letGo(buffer, bytes);
    this.#weights.set(buffer, new ArrayBuffer(bytes));
  }

  /** Codecs acquired and not released. */
  get live(): number {
    return this.#small.size + this.#large.size;
  }

  /** Wiped codecs ready for use. */
  get free(): number {
    return this.#free.length;
  }
}
