import { randomBytes } from 'node:crypto';

/** Filler of both packets of a handshake. */
const ENTROPY_BYTES = 3032;
const POOL = randomBytes(65_536);

/**
 * Filler for a handshake: a part of random bytes that were drawn once. No secret depends on them, and drawing 3 KB for
 * each of a burst of connections costs more than the rest of its accept.
 *
 * @param n how many connections came before
 * @returns 3032 bytes, shared
 */
export function handshakeEntropy(n: number): Uint8Array {
  const at = n % (POOL.length - ENTROPY_BYTES);
  return POOL.subarray(at, at + ENTROPY_BYTES);
}
