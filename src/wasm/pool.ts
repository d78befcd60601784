import { SluiceError } from '../core/errors.js';
import type { MemoryAccount } from '../core/memory-account.js';
import { Uncollected } from '../core/uncollected.js';
import { AmfScanner } from './amf-scanner.js';
import { ChunkCodec, type ChunkCodecOptions } from './chunk-codec.js';
import type { WasmFlavour } from './instance.js';
import type { CodecLimits } from './limits.js';
import { emptyTally } from './memory-tally.js';

/**
 * Warm small instances, so that a new connection costs no instantiation. Each is wiped when it comes back; an enlarged or
 * broken one is dropped.
 */
export class CodecPool {
  readonly #free: ChunkCodec[] = [];
  readonly #options: ChunkCodecOptions;
  readonly #keep: number;
  readonly #lent = new Set<ChunkCodec>();
  readonly #lentBytes = emptyTally();
  readonly #pooledBytes = emptyTally();
  readonly #dropped = new Uncollected();
  /**
   * For each memory that was let go of, as many bytes that V8 counts: it does not count shared memories, and without these it would leave
   * gigabytes of them lying until it collects for another reason. They are never written to, so they cost no pages.
   */
  readonly #weights = new WeakMap<object, ArrayBuffer>();

  /** @param options.warm - instances made ahead, as far as there is memory, and kept at most */
  constructor(options: { flavour?: WasmFlavour; warm?: number; limits: Partial<CodecLimits> }) {
    const { flavour, limits } = options;
    this.#options = { flavour, limits, scanner: new AmfScanner({ flavour, limits }) };
    this.#keep = options.warm ?? 0;
    for (let made = 0; made < this.#keep && this.#makeAhead(); made++);
  }

  /** Makes one instance ahead. Where the address space is limited there are fewer: those that connections need are worth more. */
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
    this.#lent.add(codec);
    codec.countIn(this.#lentBytes);
    return codec;
  }

  /** Takes a codec back. Nothing read from it may be used afterwards. A second release of the same codec does nothing. */
  release(codec: ChunkCodec): void {
    if (!this.#lent.delete(codec)) return;
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
    account.register('reassembly', () => this.#lentBytes.reassembly);
    account.register('linear', () => this.#lentBytes.touched);
    account.register('linear_pooled', () => this.#pooledBytes.touched);
    account.register('linear_dropped', () => this.#dropped.bytes);
  }

  #drop(codec: ChunkCodec): void {
    codec.countIn(undefined);
    const bytes = codec.touchedBytes + codec.reassemblyBytes;
    const { buffer } = codec.memory;
    this.#dropped.letGo(buffer, bytes);
    this.#weights.set(buffer, new ArrayBuffer(bytes));
  }

  /** Codecs acquired and not released. */
  get live(): number {
    return this.#lent.size;
  }

  /** Wiped codecs ready for use. */
  get free(): number {
    return this.#free.length;
  }
}
