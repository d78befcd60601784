const FIRST_BYTES = 1024;

/** Writes bits, most significant first, and makes NAL units of them. */
export class BitWriter {
  #bytes = Buffer.alloc(FIRST_BYTES);
  #length = 0;
  /** Bits of the byte that is not full, and how many they are. */
  #open = 0;
  #openBits = 0;

  /** @param value unsigned, below 2^count @param count bits, 0 to 32 */
  bits(value: number, count: number): this {
    for (let left = count; left > 0; ) {
      const take = Math.min(left, 8 - this.#openBits);
      left -= take;
      this.#open = (this.#open << take) | (Math.floor(value / 2 ** left) & ((1 << take) - 1));
      this.#openBits += take;
      if (this.#openBits === 8) this.#push();
    }
    return this;
  }

  /** Unsigned Exp-Golomb code (ITU-T H.264 §9.1), for values below 2^31. */
  ue(value: number): this {
    const size = 32 - Math.clz32(value + 1);
    return this.bits(0, size - 1).bits(value + 1, size);
  }

  /** Signed Exp-Golomb code (ITU-T H.264 §9.1.1). */
  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** Bits as they are written in tables: `'00100'`. */
  raw(digits: string): this {
    return this.bits(Number.parseInt(`0${digits}`, 2), digits.length);
  }

  /**
   * Ends the unit: the header, what was written with the trailing bits, and emulation prevention bytes (ITU-T H.264
   * §7.3.1). The writer is empty again.
   *
   * @param header the first byte: nal_ref_idc and nal_unit_type
   * @returns a new buffer that the caller owns
   */
  nal(header: number): Buffer {
    this.bits(1, 1);
    if (this.#openBits > 0) this.bits(0, 8 - this.#openBits);
    const out = Buffer.allocUnsafe(1 + this.#length + Math.ceil(this.#length / 2));
    let at = 0;
    out[at++] = header;
    let zeros = 0;
    for (let i = 0; i < this.#length; i++) {
      const byte = this.#bytes[i]!;
      if (zeros === 2 && byte <= 3) {
        out[at++] = 3;
        zeros = 0;
      }
      out[at++] = byte;
      zeros = byte === 0 ? zeros + 1 : 0;
    }
    this.#length = 0;
    return Buffer.from(out.subarray(0, at));
  }

  #push(): void {
    if (this.#length === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#length)]);
    this.#bytes[this.#length++] = this.#open;
    this.#open = 0;
    this.#openBits = 0;
  }
}
