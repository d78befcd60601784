const ROUNDS = 32;
const DELTA = 0x9e3779b9;

/**
 * Encrypts one block of 8 bytes in place with XTEA, as handshakes of type 8 do: the block is two little-endian words,
 * the key four big-endian ones.
 *
 * @param bytes at least `at + 8`
 * @param key 16 bytes
 */
export function encryptXtea(bytes: Buffer, at: number, key: Buffer): void {
  let left = bytes.readUInt32LE(at);
  let right = bytes.readUInt32LE(at + 4);
  let sum = 0;
  const mix = (word: number): number => (((word << 4) ^ (word >>> 5)) + word) | 0;
  const word = (index: number): number => key.readUInt32BE((index & 3) * 4);
  for (let round = 0; round < ROUNDS; round++) {
    left = (left + (mix(right) ^ ((sum + word(sum)) | 0))) | 0;
    sum = (sum + DELTA) | 0;
    right = (right + (mix(left) ^ ((sum + word(sum >>> 11)) | 0))) | 0;
  }
  bytes.writeInt32LE(left, at);
  bytes.writeInt32LE(right, at + 4);
}
