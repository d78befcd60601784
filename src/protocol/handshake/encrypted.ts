import { type ErrorCode, SluiceError } from '../../core/errors.js';
import type { CipherKeys } from '../../wasm/codec-cipher.js';
import { Blowfish } from './blowfish.js';
import { GROUP_BYTES, isPublicKey } from './group.js';
import {
  DigestKey,
  findDigest,
  HANDSHAKE_PACKET_BYTES,
  hmac,
  LAYOUT_D8,
  publicKeyIn,
  signPacket,
  signResponse,
} from './handshake-digest.js';
import { encryptXtea } from './xtea.js';

/**
 * The version in a signed S1. ffmpeg as a player wants a valid S1 digest when the first byte is 3 or more, so any 4.x
 * says that the packet is signed.
 */
export const SIGNED_SERVER_VERSION = 0x04050001;

/** A key pair of RTMPE's group (RFC 2409 §6.2), for one connection. */
interface KeyPair {
  /** 128 bytes, big-endian. */
  readonly publicKey: Uint8Array;
  /** @returns the secret of 128 bytes, big-endian, with the peer's public key, which was checked */
  secretWith(peer: Uint8Array): Uint8Array;
}

/** Makes a new key pair. It draws random numbers, so it comes from outside. */
export type KeyAgreement = () => KeyPair;

/** How often a pair is made anew. Each is of use with a probability of 99 %. */
const MOST_PAIRS = 16;
const RC4_KEY_BYTES = 16;
const BLOCK_BYTES = 8;
const KEYS_HELD = 15;

const XTEA_KEYS = Buffer.from(
  'bff034b211d9081fccdfb795748de732086a5eb61743090e6ef05ab8fe5a39e27b10956f76ce05212388a73a440149a1' +
    'a943f317ebf11bb2a691a5ee17f363397a30e00ab529e22ca087aea5c0cb79acbdce0c232febdeff1cfaae161123239d' +
    '55dd3f7b77e7e62e9bb8c499c9481ee4407bb6b471e89136a7aebf55ca33b839fcf6bdc3b63c36977ce4f82504d959b2' +
    '28e091fd41954c4c7fb7db00e3a066f857845b764f251b0346d45bcda2c30d290acceef8da55b546034734525863713b' +
    'b82075dca75f1feed84268e8a72a44cc07cf6e9ea16d7b259fa7ae6cd92f5629feb1eae48c8c3ce14e0064a76a387c2a',
  'hex',
);
const BLOWFISH_KEYS = Buffer.from(
  '7934774c67d1383adfb356be8b7bd02438e07358415d696746f6b4cc0193e3a19e7d3c655586fd098ff7b3c46f41ca5c' +
    '1ae7e2f3f9147994c0d39743087bb384432f9d843f21019bd3e354b0f71df62b5a434d0483643e0d592f61cbb16a590d' +
    'c8c1e9b8165699217b5b36b7b59bdf06492c97f59548857eebe5e62ea4bad42cf216e08f6623a94341ce381484950053' +
    '66db90f03b4ff56fe49c2089355ed2b2c39e9f7f63b22881bb20aced2a046a1994989bc8ffcd93efc60d56a7eb13d930' +
    'bcf2438209408a8725436de6bba4b944583f217c99bb3f24ec1aaacdcebd5311d2fb83b6c3baab4f6279e865a9922876' +
    'c60c300391182d7b79dae1d564779a12c5b1d7914f964ca3d77c2abfa6e7857c45adff1294d8dea45c3d79a444025d22' +
    '16190d816a4cc7f8b8f94ecd2c9e9084b2082560e11eae18e97c58261b519e49826061fca0a01bcdf505d6a66d0788a3' +
    '2b97118bd94ed9df20e39c10e6a1352111f9130d0b2465b2',
  'hex',
);

/** Whether C0 asks for RTMPE: 6, or 8 and 9 with the signatures encrypted. */
export function isEncryptedVersion(c0: number): boolean {
  return c0 === 6 || c0 === 8 || c0 === 9;
}

/**
 * The server's answer in RTMPE. S0 is what the client asked for. S1 is in layout D8 whatever the layout of C1: some
 * clients try both, and ffmpeg as a publisher looks for the public key there only. The client's signature in C2 proves
 * nothing (its key is in every client), and ffmpeg as a publisher does not send one, so nobody checks it.
 *
 * @param first C0 and C1, 1537 bytes, borrowed until return
 * @param with `entropy`: at least 1528 random bytes, for filler; `nowMs`: any clock
 * @returns S0, S1 and S2, the caller's, and the keys of the RC4 ciphers; `ERR_HANDSHAKE_DIGEST` when C1 is not signed,
 *   `ERR_HANDSHAKE_KEY` when its public key may not be used
 */
export function answerEncrypted(
  first: Buffer,
  { entropy, nowMs, agreement }: { entropy: Uint8Array; nowMs: number; agreement: KeyAgreement },
): { readonly reply: Buffer; readonly keys: CipherKeys } | ErrorCode {
  const c0 = first[0]!;
  const c1 = first.subarray(1);
  const found = findDigest(c1, DigestKey.Player);
  if (found === undefined) return 'ERR_HANDSHAKE_DIGEST';
  const clientKey = publicKeyIn(c1, found.layout);
  if (!isPublicKey(clientKey)) return 'ERR_HANDSHAKE_KEY';
  const { publicKey, secret } = agree(agreement, clientKey);

  const reply = Buffer.alloc(1 + 2 * HANDSHAKE_PACKET_BYTES);
  reply[0] = c0;
  const s1 = reply.subarray(1, 1 + HANDSHAKE_PACKET_BYTES);
  s1.writeUInt32BE(Math.trunc(nowMs) >>> 0);
  s1.writeUInt32BE(SIGNED_SERVER_VERSION, 4);
  s1.set(entropy.subarray(0, HANDSHAKE_PACKET_BYTES - 8), 8);
  publicKeyIn(s1, LAYOUT_D8).set(publicKey);
  signPacket(s1, LAYOUT_D8, DigestKey.Server);
  const s2 = reply.subarray(1 + HANDSHAKE_PACKET_BYTES);
  s2.set(entropy.subarray(-Math.min(entropy.length, HANDSHAKE_PACKET_BYTES)));
  const { signature, key } = signResponse(s2, found.digest);
  if (c0 !== 6) encryptSignature(signature, key, c0 === 8 ? xtea : blowfish);

  // Each stream has the key of the public key of the end that receives it.
  const keyFor = (receiver: Uint8Array): Buffer => hmac(secret, receiver).subarray(0, RC4_KEY_BYTES);
  return { reply, keys: { in: keyFor(publicKey), out: keyFor(clientKey) } };
}

/**
 * A key pair whose public key and secret both begin with a byte other than zero. What clients make of zeros in front
 * differs: some leave them out, some keep them. The server has C1 first, so it can choose.
 */
function agree(agreement: KeyAgreement, clientKey: Uint8Array): { publicKey: Uint8Array; secret: Uint8Array } {
  for (let pair = 0; pair < MOST_PAIRS; pair++) {
    const { publicKey, secretWith } = agreement();
    if (publicKey.length !== GROUP_BYTES || publicKey[0] === 0) continue;
    const secret = secretWith(clientKey);
    if (secret.length === GROUP_BYTES && secret[0] !== 0) return { publicKey, secret };
  }
  throw new SluiceError('ERR_INTERNAL', `no usable key among ${MOST_PAIRS}`);
}

type BlockCipher = (bytes: Buffer, at: number, key: number) => void;

const xtea: BlockCipher = (bytes, at, key) => encryptXtea(bytes, at, XTEA_KEYS.subarray(key * 16, key * 16 + 16));
const blowfish: BlockCipher = (bytes, at, key) =>
  new Blowfish(BLOWFISH_KEYS.subarray(key * 24, key * 24 + 24)).encrypt(bytes, at);

/** Encrypts the 32 bytes of a signature in place: for each block the key that the byte of `by` at its place names. */
function encryptSignature(signature: Buffer, by: Uint8Array, cipher: BlockCipher): void {
  for (let at = 0; at < signature.length; at += BLOCK_BYTES) cipher(signature, at, by[at]! % KEYS_HELD);
}
