/** Bytes of a public key and of a secret of RTMPE: the prime of RFC 2409 §6.2 has 1024 bits. */
export const GROUP_BYTES = 128;

/** The prime of RFC 2409 §6.2 (group 2). */
export const PRIME =
  0xffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffffn;

/** Generates the subgroup of the squares. */
export const GENERATOR = 2;

/**
 * Whether a peer's public key may be used: from 2 to p − 2, and in the subgroup that 2 generates. A key that is not
 * makes a secret that everybody knows, or was read from the wrong place of the packet.
 *
 * @param key 128 bytes, big-endian
 */
export function isPublicKey(key: Uint8Array): boolean {
  const y = BigInt(`0x${Buffer.from(key.buffer, key.byteOffset, key.length).toString('hex')}`);
  return y >= 2n && y <= PRIME - 2n && isSquare(y);
}

/**
 * Whether `y` is a square modulo the prime. The subgroup that 2 generates has the squares, since (p − 1)/2 is prime
 * too; the Legendre symbol, by quadratic reciprocity, tells them without a power. It takes a third of a millisecond.
 */
function isSquare(y: bigint): boolean {
  let top = y;
  let bottom = PRIME;
  let isPositive = true;
  while (top !== 0n) {
    while ((top & 1n) === 0n) {
      top >>= 1n;
      const rest = bottom & 7n;
      if (rest === 3n || rest === 5n) isPositive = !isPositive;
    }
    if ((top & 3n) === 3n && (bottom & 3n) === 3n) isPositive = !isPositive;
    [top, bottom] = [bottom % top, top];
  }
  return bottom === 1n && isPositive;
}
