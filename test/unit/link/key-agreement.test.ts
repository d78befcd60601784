import { getDiffieHellman } from 'node:crypto';
import { expect, it } from 'vitest';
import { makeKeyPair, prepareKeyAgreement } from '../../../src/link/key-agreement.js';
import { isPublicKey } from '../../../src/protocol/handshake/group.js';

it('agrees with the group of the same name of OpenSSL, with a new key each time', () => {
  const other = getDiffieHellman('modp2');
  const theirs = other.generateKeys();
  expect(other.getPrime().equals(prepareKeyAgreement().getPrime())).toBe(true);
  const seen = new Set<string>();
  for (let time = 0; time < 3; time++) {
    const { publicKey, secretWith } = makeKeyPair();
    expect([publicKey.length, isPublicKey(publicKey)]).toEqual([128, true]);
    expect(other.computeSecret(publicKey).equals(secretWith(theirs))).toBe(true);
    seen.add(Buffer.from(publicKey).toString('hex'));
  }
  expect(seen.size).toBe(3);
});
