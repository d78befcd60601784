import { expect, it } from 'vitest';
import { Blowfish } from '../../../../src/protocol/handshake/blowfish.js';

/** The usual vectors (Eric Young's) have big-endian words; here the words of the block are little-endian. */
const turned = (hex: string): Buffer => Buffer.from(hex, 'hex').swap32();

it.each([
  ['0000000000000000', '0000000000000000', '4ef997456198dd78'],
  ['ffffffffffffffff', 'ffffffffffffffff', '51866fd5b85ecb8a'],
  ['3000000000000000', '1000000000000001', '7d856f9a613063f2'],
  ['fedcba9876543210', '0123456789abcdef', '0aceab0fc6a0a28d'],
  ['f0e1d2c3b4a5968778695a4b3c2d1e0f0011223344556677', 'fedcba9876543210', '05044b62fa52d080'],
])('Blowfish with key %s makes %s %s', (key, plain, encrypted) => {
  const bytes = Buffer.concat([Buffer.alloc(3), turned(plain), Buffer.alloc(2)]);
  new Blowfish(Buffer.from(key, 'hex')).encrypt(bytes, 3);
  expect(bytes).toEqual(Buffer.concat([Buffer.alloc(3), turned(encrypted), Buffer.alloc(2)]));
});
