import { AMF_HASH_MASK, BLOCKS, ERR_AMF_STRING_BYTES, HEADER, HEADER_WORDS } from '../../assembly/constants.js';
import { type AmfScan, AmfTokens } from './amf0.js';
import { codecError } from './errors.js';
import { instantiate, type WasmExports, type WasmFlavour } from './instance.js';
import { type CodecLimits, normaliseLimits, writeLimits } from './limits.js';

const READ_SLACK = 8; // the module compares strings in steps of 8 bytes

/** Scans AMF0 bytes that did not come through a {@link ChunkCodec}: FLV script tags, tools, benchmarks. */
export class AmfScanner {
  readonly #exports: WasmExports;
  readonly #bytes: Uint8Array;
  readonly #tokens: AmfTokens;

  /** @param options.maxBytes - longest input; the memory is made for it */
  constructor(options: { maxBytes?: number; limits?: Partial<CodecLimits>; flavour?: WasmFlavour; hashMask?: number } = {}) {
    const pages = Math.ceil((BLOCKS + (options.maxBytes ?? 65536) + READ_SLACK) / 65536);
    const { exports, memory } = instantiate(pages, options.flavour);
    const header = new Uint32Array(memory.buffer, HEADER, HEADER_WORDS);
    writeLimits(header, normaliseLimits(options.limits ?? {}), false);
    header[AMF_HASH_MASK] = options.hashMask ?? 0xffffffff;
    this.#exports = exports;
    this.#bytes = new Uint8Array(memory.buffer, BLOCKS);
    this.#tokens = new AmfTokens(memory.buffer, header);
  }

  /**
   * @returns the values in `bytes`; strings are copied out
   * @throws SluiceError ERR_AMF_STRING_BYTES when `bytes` is longer than `maxBytes`, other ERR_AMF_* by content
   */
  scan(bytes: Uint8Array): AmfScan {
    this.scanOnly(bytes);
    return this.#tokens.read();
  }

  /** Scans without making values: what the limits alone cost. Throws as {@link scan} does. */
  scanOnly(bytes: Uint8Array): void {
    if (bytes.length > this.#bytes.length) throw codecError(ERR_AMF_STRING_BYTES);
    this.#bytes.set(bytes);
    const status = this.#exports.scanAmf0(BLOCKS, BLOCKS + bytes.length);
    if (status < 0) throw codecError(status);
  }
}
