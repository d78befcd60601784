/**
 * A WebAssembly module of one function, `copy(to, from, piece, end)`: copies pieces of `piece` bytes from `from` until
 * `end`. In the input a byte, the header of a chunk, lies between two pieces; in the output they are one stretch.
 *
 * ```
 * loop
 *   memory.copy (to) (from) (piece)
 *   to += piece
 *   from += piece + 1
 *   br_if from < end
 * ```
 */
const MODULE = Buffer.from(
  [
    '0061736d01000000',
    '010801 60 04 7f7f7f7f 00',
    '020801 01 65 01 6d 02 00 01',
    '03020100',
    '070501 01 63 00 00',
    '0a2701 25 00 0340 200020012002 fc0a0000 200020026a2100 200120026a41016a2201 200349 0d00 0b 0b',
  ]
    .join('')
    .replace(/\s/g, ''),
  'hex',
);

const PAGE_BYTES = 65_536;
/** Before each piece but the first of a message (RTMP 1.0 §5.3.1.1). */
const CHUNK_HEADER_BYTES = 1;

/** The part of the `WebAssembly` API that is used here. */
interface Wasm {
  Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
  Module: new (bytes: Buffer) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
}

/**
 * Copies in linear memory and does nothing else: what any parser that keeps what it reads must do at least. It is a
 * WebAssembly module, as the parser is, so that neither pays for calls per piece.
 */
export class BareCopy {
  /** Where what is to be copied is written. */
  readonly input: Buffer;
  readonly #copy: (to: number, from: number, piece: number, end: number) => void;
  readonly #end: number;
  readonly #start: number;
  #at: number;

  /**
   * @param inputBytes most bytes of one read; @param keepBytes what is kept of them, before the oldest is written over
   */
  constructor(inputBytes: number, keepBytes: number) {
    const wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;
    const pages = Math.ceil((2 * inputBytes + keepBytes) / PAGE_BYTES);
    const memory = new wasm.Memory({ initial: pages });
    const instance = new wasm.Instance(new wasm.Module(MODULE), { e: { m: memory } });
    this.#copy = instance.exports['c'] as (to: number, from: number, piece: number, end: number) => void;
    this.input = Buffer.from(memory.buffer, 0, inputBytes);
    this.#start = inputBytes;
    this.#at = this.#start;
    this.#end = this.#start + keepBytes;
  }

  /**
   * Copies the first `size` bytes of the input in pieces of `piece` bytes; the last one may be shorter. @returns bytes
   * copied
   */
  take(size: number, piece: number): number {
    if (this.#at + size > this.#end) this.#at = this.#start;
    const pieces = Math.floor(size / (piece + CHUNK_HEADER_BYTES));
    const whole = pieces * (piece + CHUNK_HEADER_BYTES);
    if (pieces > 0) this.#copy(this.#at, 0, piece, whole);
    const copied = pieces * piece;
    if (whole < size) this.#copy(this.#at + copied, whole, size - whole, size);
    this.#at += copied + size - whole;
    return copied + size - whole;
  }

  /** The last `size` bytes that were copied; a view. */
  last(size: number): Buffer {
    return Buffer.from(this.input.buffer, this.#at - size, size);
  }
}
