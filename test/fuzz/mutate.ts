/** Values at the edges of what lengths, counts and timestamps can say. */
const EDGES = [
  0, 1, 2, 7, 8, 16, 32, 63, 64, 127, 128, 255, 256, 319, 1023, 4095, 4096, 65_535, 65_536, 0x7fffff, 0xfffffe,
];
const WIDE_EDGES = [...EDGES, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];

/** Makes inputs out of others. */
export class Mutator {
  readonly #random: () => number;
  readonly #tokens: readonly Uint8Array[];
  readonly #maxBytes: number;

  /** @param random numbers in [0, 1) */
  constructor(random: () => number, tokens: readonly Uint8Array[], maxBytes: number) {
    this.#random = random;
    this.#tokens = tokens;
    this.#maxBytes = maxBytes;
  }

  /** A changed copy of `input`, at most `maxBytes` long. @param other an input to take parts of */
  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    let bytes = Buffer.from(input);
    const changes = 1 + Math.floor(this.#random() ** 2 * 8);
    for (let i = 0; i < changes; i++) bytes = this.#change(bytes, other);
    return bytes.subarray(0, this.#maxBytes);
  }

  #change(bytes: Buffer<ArrayBuffer>, other: Uint8Array): Buffer<ArrayBuffer> {
    const at = this.#below(bytes.length + 1);
    const end = Math.min(bytes.length, at + 1 + this.#below(this.#random() < 0.7 ? 8 : bytes.length));
    switch (this.#below(9)) {
      case 0:
        if (at < bytes.length) bytes[at] ^= 1 << this.#below(8);
        return bytes;
      case 1:
        if (at < bytes.length) bytes[at] = this.#below(256);
        return bytes;
      case 2:
        return this.#number(bytes, at);
      case 3:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
      case 4:
        return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)]);
      case 5:
        return Buffer.concat([bytes.subarray(0, at), this.#token(), bytes.subarray(at)]);
      case 6: {
        const from = this.#below(other.length + 1);
        return Buffer.concat([bytes.subarray(0, at), other.subarray(from), bytes.subarray(end)]);
      }
      case 7:
        bytes.set(this.#token().subarray(0, bytes.length - at), at);
        return bytes;
      default:
        return bytes.subarray(0, at);
    }
  }

  /** Writes a number of one to four bytes, of either byte order, that lies at an edge or near what stands there. */
  #number(bytes: Buffer<ArrayBuffer>, at: number): Buffer<ArrayBuffer> {
    const size = 1 + this.#below(4);
    if (at + size > bytes.length) return bytes;
    const there = bytes.readUIntBE(at, size);
    const edges = size < 4 ? EDGES : WIDE_EDGES;
    const value = this.#random() < 0.5 ? there + this.#below(33) - 16 : edges[this.#below(edges.length)]!;
    const within = ((value % 256 ** size) + 256 ** size) % 256 ** size;
    if (this.#random() < 0.8) bytes.writeUIntBE(within, at, size);
    else bytes.writeUIntLE(within, at, size);
    return bytes;
  }

  #token(): Uint8Array {
    return this.#tokens[this.#below(this.#tokens.length)] ?? Uint8Array.of(this.#below(256));
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }
}
