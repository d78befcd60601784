import { expect, it } from 'vitest';
import { encryptXtea } from '../../../../src/protocol/handshake/xtea.js';

/** The usual vectors have big-endian words; here the words of the block are little-endian. */
const turned = (hex: string): Buffer => Buffer.from(hex, 'hex').swap32();

it.each([
  ['000102030405060708090a0b0c0d0e0f', '4142434445464748', '497df3d072612cb5'],
  ['000102030405060708090a0b0c0d0e0f', '4141414141414141', 'e78f2d13744341d8'],
  ['00000000000000000000000000000000', '4142434445464748', 'a0390589f8b8efa5'],
  ['00000000000000000000000000000000', '4141414141414141', 'ed23375a821a8c2d'],
])('XTEA with key %s makes %s %s', (key, plain, encrypted) => {
  const bytes = Buffer.concat([Buffer.alloc(3), turned(plain), Buffer.alloc(2)]);
  encryptXtea(bytes, 3, Buffer.from(key, 'hex'));
  expect(bytes).toEqual(Buffer.concat([Buffer.alloc(3), turned(encrypted), Buffer.alloc(2)]));
});
