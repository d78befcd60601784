import { createDiffieHellman, type DiffieHellman, randomBytes } from 'node:crypto';
import type { KeyAgreement } from '../protocol/handshake/encrypted.js';
import { GENERATOR, PRIME } from '../protocol/handshake/group.js';

/**
 * Exponents of 256 bits: three times the strength of a group of 1024 bits, and a quarter of the time of exponents as
 * long as the prime (0.1 ms instead of 0.35 for each power).
 */
const EXPONENT_BYTES = 32;

let group: DiffieHellman | undefined;

/**
 * Makes the group of RTMPE ready. OpenSSL tests the prime anew for each object, which takes 45 ms, so there is one for
 * the whole process. It should be made before the first connection comes.
 */
export function prepareKeyAgreement(): DiffieHellman {
  group ??= createDiffieHellman(PRIME.toString(16), 'hex', GENERATOR);
  return group;
}

/** Makes a new key pair. It is valid until the next one is made. */
export const makeKeyPair: KeyAgreement = () => {
  const own = prepareKeyAgreement();
  own.setPrivateKey(randomBytes(EXPONENT_BYTES));
  return { publicKey: own.generateKeys(), secretWith: (peer) => own.computeSecret(peer) };
};
