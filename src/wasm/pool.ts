import { SluiceError } from '../core/errors.js';
import { AmfScanner } from './amf-scanner.js';
import { ChunkCodec } from './chunk-codec.js';
import type { WasmFlavour } from './instance.js';
import type { CodecLimits } from './limits.js';

/**
 * Warm small instances, so that a new connection costs no instantiation. Each is wiped when it comes back; an enlarged or
 * broken one is dropped.
 */
export class CodecPool {
  readonly #free: ChunkCodec[] = [];
  readonly #options: { flavour?: WasmFlavour; limits: Partial<CodecLimits>; scanner: AmfScanner };
  readonly #keep: number;
  readonly #lent = new Set<ChunkCodec>();

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
    this.#lent.add(codec);
    return codec;
  }

  /** Takes a codec back. Nothing read from it may be used afterwards. A second release of the same codec does nothing. */
  release(codec: ChunkCodec): void {
    if (!this.#lent.delete(codec)) return;
    if (!codec.reusable || this.#free.length >= this.#keep) return;
    codec.wipe();
    this.#free.push(codec);
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
