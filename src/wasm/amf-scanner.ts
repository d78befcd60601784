import { AMF_HASH_MASK, AMF_INPUT, ERR_AMF_STRING_BYTES, HEADER, HEADER_WORDS } from '../../assembly/constants.js';
import { type AmfScan, AmfTokens } from './amf-tokens.js';
import type { AmfValue } from './amf-value.js';
import { AmfRefusal, codecError } from './errors.js';
import { instantiate, type WasmExports, type WasmFlavour } from './instance.js';
import { type CodecLimits, normaliseLimits, writeLimits } from './limits.js';

const READ_SLACK = 8; // the module compares strings in steps of 8 bytes
/** Messages up to this long are copied in 64-bit words (V8 makes no BigInt of them): a view and set() cost more. */
const SHORT_BYTES = 1024;

/**
 * Scans AMF0 bytes, with AMF3 values behind marker 11: messages of all codecs that share it, FLV script tags, tools,
 * benchmarks. Tables of fixed size keep the strings and key sequences of objects that it has seen lately; values are
 * read each time.
 */
export class AmfScanner {
  readonly #exports: WasmExports;
  readonly #bytes: Uint8Array;
  readonly #words: BigUint64Array;
  readonly #tokens: AmfTokens;

  /**
   * @param options.maxBytes - longest input; the memory is made for it
   * @param options.hashMask - bits of a hash that choose a table entry; 0, for tests: everything collides
   */
  constructor(
    options: { maxBytes?: number; limits?: Partial<CodecLimits>; flavour?: WasmFlavour; hashMask?: number } = {},
  ) {
    const maxBytes = options.maxBytes ?? 65536;
    const pages = Math.ceil((AMF_INPUT + maxBytes + READ_SLACK) / 65536);
    const { exports, memory } = instantiate(pages, options.flavour);
    const header = new Uint32Array(memory.buffer, HEADER, HEADER_WORDS);
    writeLimits(header, normaliseLimits(options.limits ?? {}), false);
    header[AMF_HASH_MASK] = options.hashMask ?? 0xffffffff;
    this.#exports = exports;
    this.#bytes = new Uint8Array(memory.buffer, AMF_INPUT, memory.buffer.byteLength - AMF_INPUT - READ_SLACK);
    this.#words = new BigUint64Array(memory.buffer, AMF_INPUT, SHORT_BYTES / 8 + 2);
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

  /**
   * The values in `length` bytes at `ptr` of another memory. Throws as {@link scan} does.
   *
   * @param words - that memory from its start
   */
  readAt(words: BigUint64Array, ptr: number, length: number): AmfValue[] {
    if (length > SHORT_BYTES) {
      this.scanOnly(new Uint8Array(words.buffer, ptr, length));
    } else {
      const to = this.#words;
      const count = ((ptr & 7) + length + 7) >> 3;
      const first = ptr >> 3;
      for (let i = 0; i < count; i++) to[i] = words[first + i];
      this.#scan(AMF_INPUT + (ptr & 7), length);
    }
    return this.#tokens.readValues();
  }

  /** Scans without making values. It shows the cost of the limits alone. Throws as {@link scan} does. */
  scanOnly(bytes: Uint8Array): void {
    if (bytes.length > this.#bytes.length) throw codecError(ERR_AMF_STRING_BYTES);
    this.#bytes.set(bytes);
    this.#scan(AMF_INPUT, bytes.length);
  }

  #scan(ptr: number, length: number): void {
    const status = this.#exports.scanAmf0(ptr, ptr + length);
    if (status < 0) throw new AmfRefusal(status, this.#tokens.readHead());
  }
}
