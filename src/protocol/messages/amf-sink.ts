import { SluiceError } from '../../core/errors.js';

/** Bytes that are being written. It grows, up to a bound. */
export class Sink {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;
  readonly #maxBytes: number;

  /** @param maxBytes most bytes that may be written */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Makes room for so many bytes. @returns where they begin
   * @throws SluiceError `ERR_AMF_UNWRITABLE` past `maxBytes`
   */
  reserve(size: number): number {
    const at = this.#length;
    const end = at + size;
    if (end > this.#maxBytes) throw new SluiceError('ERR_AMF_UNWRITABLE', `more than ${this.#maxBytes} bytes`);
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    this.#length = end;
    return at;
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.reserve(2);
    this.#bytes.writeUInt16BE(value, at);
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.#bytes.writeUInt32BE(value, at);
  }

  f64(value: number): void {
    const at = this.reserve(8);
    this.#bytes.writeDoubleBE(value, at);
  }

  /** @param size the bytes of `value` in UTF-8 */
  text(value: string, size: number): void {
    const at = this.reserve(size);
    this.#bytes.write(value, at, size, 'utf8');
  }

  /** An unsigned integer of 29 bits in one to four bytes (AMF 3 §1.3.1). */
  u29(value: number): void {
    if (value >= 0x200000) {
      this.u32(
        (0x80808000 | ((value & 0x1fc00000) << 2) | ((value & 0x3f8000) << 1) | (value & 0x7f00) | (value & 0xff)) >>>
          0,
      );
      return;
    }
    if (value >= 0x4000) this.u8(0x80 | (value >> 14));
    if (value >= 0x80) this.u8(0x80 | ((value >> 7) & 0x7f));
    this.u8(value & 0x7f);
  }

  bytes(value: Uint8Array): void {
    const at = this.reserve(value.length);
    this.#bytes.set(value, at);
  }

  /** @returns what was written, in a Buffer of its own */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }
}
