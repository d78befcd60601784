import { describe, expect, it } from 'vitest';
import { GENERATOR, isPublicKey, PRIME } from '../../../../src/protocol/handshake/group.js';

const key = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(256, '0'), 'hex');

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let left = exponent, square = base; left > 0n; left >>= 1n, square = (square * square) % PRIME) {
    if ((left & 1n) === 1n) result = (result * square) % PRIME;
  }
  return result;
}

describe('a public key of RTMPE', () => {
  it.each([
    ['0', 0n],
    ['1', 1n],
    ['p − 1', PRIME - 1n],
    ['p', PRIME],
    ['p + 4, a square that is too large', PRIME + 4n],
    ['all ones', (1n << 1024n) - 1n],
  ])('may not be %s', (_, value) => {
    expect(isPublicKey(key(value))).toBe(false);
  });

  it('may be the least that there is', () => {
    expect(isPublicKey(key(2n))).toBe(true);
  });

  it('is in the subgroup of the generator, which is what (p − 1)/2 as an exponent tells', () => {
    for (let n = 3n; n < 40n; n++) {
      const y = power(n * 0x1234567890abcdefn, n ** 40n);
      expect(isPublicKey(key(y)), String(n)).toBe(power(y, (PRIME - 1n) / 2n) === 1n);
    }
    for (const exponent of [5n, 12345n, 2n ** 255n - 19n]) {
      const y = power(BigInt(GENERATOR), exponent);
      expect([isPublicKey(key(y)), isPublicKey(key(PRIME - y))]).toEqual([true, false]);
    }
  });
});
