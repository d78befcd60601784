/**
 * A WebAssembly module of one function, `copy(to, from, piece, end)`: copies pieces of `piece` bytes from `from` until `end`, one
 * behind the other.
 *
 * ```
 * loop
 *   memory.copy (to) (from) (piece)
 *   to += piece
 *   from += piece
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
    '0a2401 22 00 0340 200020012002 fc0a0000 200020026a2100 200120026a2201 200349 0d00 0b 0b',
  ]
    .join('')
    .replace(/\s/g, ''),
  'hex',
);

const PAGE_BYTES = 65_536;
/** What is kept begins behind a message header, as it does in a parser: input and output are not aligned to each other. */
const HEADER_BYTES = 12;

/** The part of the `WebAssembly` API that is used here. */
interface Wasm {
  Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
  Module: new (bytes: Buffer) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
}

/**
 * Copies in linear memory and does nothing else: what any parser that keeps what it reads must do at least. It is a WebAssembly
 * module, as the parser is, so that neither pays for calls per piece.
 */
export class BareCopy {
  /** Where what is to be copied is written. */
  readonly input: Buffer;
  readonly #copy: (to: number, from: number, piece: number, end: number) => void;
  readonly #end: number;
  readonly #start: number;
  #at: number;

  /** @param inputBytes most bytes of one read; @param keepBytes what is kept of them, before the oldest is written over */
  constructor(inputBytes: number, keepBytes: number) {
    const wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;
    const pages = Math.ceil((2 * inputBytes + keepBytes) / PAGE_BYTES);
    const memory = new wasm.Memory({ initial: pages });
    const instance = new wasm.Instance(new wasm.Module(MODULE), { e: { m: memory } });
    this.#copy = instance.exports['c'] as (to: number, from: number, piece: number, end: number) => void;
    this.input = Buffer.from(memory.buffer, 0, inputBytes);
    this.#start = inputBytes + HEADER_BYTES;
    this.#at = this.#start;
    this.#end = this.#start + keepBytes;
  }

  /** Copies the first `size` bytes of the input in pieces of `piece` bytes; the last one may be shorter. */
  take(size: number, piece: number): void {
    if (this.#at + size > this.#end) this.#at = this.#start;
    const whole = size - (size % piece);
    if (whole > 0) this.#copy(this.#at, 0, piece, whole);
    if (whole < size) this.#copy(this.#at + whole, whole, size - whole, size);
    this.#at += size;
  }

  /** The bytes that were copied last; a view. */
  last(size: number): Buffer {
    return Buffer.from(this.input.buffer, this.#at - size, size);
  }
}
