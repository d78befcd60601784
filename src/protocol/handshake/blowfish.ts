const ROUNDS = 16;
const SUBKEYS = ROUNDS + 2;
const BOX_WORDS = 256;
const WORDS = SUBKEYS + 4 * BOX_WORDS;

let digitsOfPi: Uint32Array | undefined;

/**
 * The terms of Chudnovsky's series for 1/π from `from` to before `to`, put together in halves: the products of what
 * each term multiplies above and below, and their sum over the latter. 47 bits a term.
 */
function chudnovsky(from: number, to: number): [above: bigint, below: bigint, sum: bigint] {
  if (to - from > 1) {
    const middle = (from + to) >> 1;
    const [above, below, sum] = chudnovsky(from, middle);
    const [nextAbove, nextBelow, nextSum] = chudnovsky(middle, to);
    return [above * nextAbove, below * nextBelow, sum * nextBelow + above * nextSum];
  }
  const n = BigInt(from);
  const above = from === 0 ? 1n : (6n * n - 5n) * (2n * n - 1n) * (6n * n - 1n);
  const below = from === 0 ? 1n : n ** 3n * 10_939_058_860_032_000n;
  const term = above * (13_591_409n + 545_140_134n * n);
  return [above, below, from % 2 === 0 ? term : -term];
}

/** The whole part of the square root, by Newton's steps from the root of the upper half of the digits. */
function squareRoot(value: bigint): bigint {
  const bits = value.toString(16).length * 4;
  if (bits <= 48) return BigInt(Math.floor(Math.sqrt(Number(value))));
  const shift = BigInt(bits >> 2);
  let root = (squareRoot(value >> (2n * shift)) + 1n) << shift;
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/**
 * The first words of the fraction of π, with which Blowfish begins. Computed once, when the first handshake of type 9
 * comes: 10 to 20 ms.
 */
function wordsOfPi(): Uint32Array {
  if (digitsOfPi !== undefined) return digitsOfPi;
  // 64 bits more than are wanted keep what divisions cut off away from the last word.
  const bits = WORDS * 32 + 64;
  const [, below, sum] = chudnovsky(0, Math.ceil(bits / 47) + 2);
  const pi = (below * 426_880n * squareRoot(10_005n << BigInt(2 * bits))) / sum;
  const fraction = Buffer.from(((pi - (3n << BigInt(bits))) >> 64n).toString(16).padStart(WORDS * 8, '0'), 'hex');
  digitsOfPi = Uint32Array.from({ length: WORDS }, (_, index) => fraction.readUInt32BE(index * 4));
  return digitsOfPi;
}

/** Blowfish (Schneier, 1993) with one key, encrypting only: what handshakes of type 9 need. */
export class Blowfish {
  readonly #subkeys: Uint32Array;
  readonly #boxes: Uint32Array;
  #left = 0;
  #right = 0;

  /** @param key 4 to 56 bytes */
  constructor(key: Uint8Array) {
    const pi = wordsOfPi();
    this.#subkeys = pi.slice(0, SUBKEYS);
    this.#boxes = pi.slice(SUBKEYS);
    for (let index = 0, at = 0; index < SUBKEYS; index++) {
      let word = 0;
      for (let byte = 0; byte < 4; byte++, at++) word = (word << 8) | key[at % key.length]!;
      this.#subkeys[index] = this.#subkeys[index]! ^ word;
    }
    this.#replace(this.#subkeys);
    this.#replace(this.#boxes);
  }

  /** Encrypts one block of 8 bytes in place. The block is two little-endian words, unlike elsewhere. */
  encrypt(bytes: Buffer, at: number): void {
    this.#left = bytes.readUInt32LE(at);
    this.#right = bytes.readUInt32LE(at + 4);
    this.#block();
    bytes.writeInt32LE(this.#left | 0, at);
    bytes.writeInt32LE(this.#right | 0, at + 4);
  }

  /** Fills a table with the block encrypted over and over, from zeros or where the table before has left it. */
  #replace(table: Uint32Array): void {
    for (let index = 0; index < table.length; index += 2) {
      this.#block();
      table[index] = this.#left;
      table[index + 1] = this.#right;
    }
  }

  #block(): void {
    const subkeys = this.#subkeys;
    const boxes = this.#boxes;
    let left = this.#left;
    let right = this.#right;
    for (let round = 0; round < ROUNDS; round++) {
      left ^= subkeys[round]!;
      const sum = (boxes[left >>> 24]! + boxes[BOX_WORDS + ((left >>> 16) & 255)]!) | 0;
      const mixed = ((sum ^ boxes[2 * BOX_WORDS + ((left >>> 8) & 255)]!) + boxes[3 * BOX_WORDS + (left & 255)]!) | 0;
      const next = right ^ mixed;
      right = left;
      left = next;
    }
    this.#left = right ^ subkeys[ROUNDS + 1]!;
    this.#right = left ^ subkeys[ROUNDS]!;
  }
}
