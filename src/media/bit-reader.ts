/**
 * Reads bits, most significant first, from borrowed bytes. Never throws and never reads past the end: the first read
 * that would sets {@link BitReader.overrun} and yields 0, and so does every read after it. Check `overrun` before
 * trusting anything read.
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  readonly #end: number;
  #overrun = false;

  /** @param bytes borrowed for the life of the reader */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.length * 8;
  }

  /** Whether any read so far went past the end or was not a code that exists. */
  get overrun(): boolean {
    return this.#overrun;
  }

  /** Bits not yet read. */
  get bitsLeft(): number {
    return this.#end - this.#position;
  }

  /**
   * @param count bits to read, 0 to 32
   * @returns an unsigned integer, 0 after an overrun
   */
  bits(count: number): number {
    if (this.#overrun || count > this.#end - this.#position) {
      this.#overrun = true;
      return 0;
    }
    let value = 0;
    let left = count;
    while (left > 0) {
      const within = this.#position & 7;
      const take = Math.min(8 - within, left);
      const byte = this.#bytes[this.#position >> 3]!;
      value = value * 2 ** take + ((byte >> (8 - within - take)) & ((1 << take) - 1));
      this.#position += take;
      left -= take;
    }
    return value;
  }

  /** One bit as a boolean. */
  flag(): boolean {
    return this.bits(1) === 1;
  }

  /** @param count bits to pass over; any non-negative number */
  skip(count: number): void {
    if (this.#overrun || count > this.#end - this.#position) this.#overrun = true;
    else this.#position += count;
  }

  /** Unsigned Exp-Golomb code (ITU-T H.264 §9.1), at most 32 leading zeros: a longer run counts as an overrun. */
  ue(): number {
    let zeros = 0;
    while (this.bits(1) === 0) {
      zeros++;
      if (zeros > 32 || this.#overrun) {
        this.#overrun = true;
        return 0;
      }
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Signed Exp-Golomb code (ITU-T H.264 §9.1.1). */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}

/**
 * Parameter sets longer than this are cut: real ones are below 300 bytes, and everything that is read here is near the
 * start.
 */
const MAX_NAL_BYTES = 4096;

/**
 * Removes the emulation prevention bytes of a NAL unit (`00 00 03` → `00 00`, ITU-T H.264 §7.3.1).
 *
 * @param nal borrowed; only its first 4096 bytes are looked at
 * @returns a new array that the caller owns
 */
export function unescapeNal(nal: Uint8Array): Uint8Array {
  const length = Math.min(nal.length, MAX_NAL_BYTES);
  const out = new Uint8Array(length);
  let zeros = 0;
  let size = 0;
  for (let i = 0; i < length; i++) {
    const byte = nal[i]!;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[size++] = byte;
  }
  return out.subarray(0, size);
}

/** Two upper-case or lower-case hex digits of each byte, joined. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
