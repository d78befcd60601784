import { createHmac } from 'node:crypto';
import { GROUP_BYTES } from './group.js';

/** C1, S1, C2 and S2 are this long (RTMP 1.0 §5.2.3). */
export const HANDSHAKE_PACKET_BYTES = 1536;

const DIGEST_BYTES = 32;
const POINTER_SPAN = 728;
const KEY_SPAN = 632;

/**
 * Where a packet has its 32-byte digest: the four bytes at `pointer` are summed, modulo 728, and added to `base`. Its
 * public key of 128 bytes, in RTMPE, is where `keyPointer` and `keyBase` say, modulo 632. The name has the position of
 * the pointer, because projects do not agree on numbers for the two.
 */
interface DigestLayout {
  readonly name: 'D8' | 'D772';
  readonly pointer: number;
  readonly base: number;
  readonly keyPointer: number;
  readonly keyBase: number;
}

/** Pointer at byte 8: what Flash and ffmpeg use with plain RTMP. */
export const LAYOUT_D8: DigestLayout = { name: 'D8', pointer: 8, base: 12, keyPointer: 1532, keyBase: 772 };
/** Pointer at byte 772. */
export const LAYOUT_D772: DigestLayout = { name: 'D772', pointer: 772, base: 776, keyPointer: 768, keyBase: 8 };

const TAIL = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
const PLAYER_KEY = Buffer.from('Genuine Adobe Flash Player 001');
const SERVER_KEY = Buffer.from('Genuine Adobe Flash Media Server 001');
const SERVER_KEY_FULL = Buffer.concat([SERVER_KEY, TAIL]);

/** The digest keys: each end signs its first packet with the short one. */
export const DigestKey = { Player: PLAYER_KEY, Server: SERVER_KEY } as const;

/** HMAC-SHA256 over the parts in a row. */
export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

function sumAt(packet: Uint8Array, at: number): number {
  return packet[at]! + packet[at + 1]! + packet[at + 2]! + packet[at + 3]!;
}

function digestOffset(packet: Uint8Array, { pointer, base }: DigestLayout): number {
  return base + (sumAt(packet, pointer) % POINTER_SPAN);
}

/** The place of the public key in a packet (1536 bytes): 128 bytes, big-endian. A view of the packet. */
export function publicKeyIn(packet: Buffer, { keyPointer, keyBase }: DigestLayout): Buffer {
  const at = keyBase + (sumAt(packet, keyPointer) % KEY_SPAN);
  return packet.subarray(at, at + GROUP_BYTES);
}

function computeDigest(packet: Uint8Array, offset: number, key: Uint8Array): Buffer {
  return hmac(key, packet.subarray(0, offset), packet.subarray(offset + DIGEST_BYTES));
}

/**
 * Finds the digest of a C1 or S1.
 *
 * @param packet 1536 bytes, borrowed until return
 * @param key of the end that made the packet, see {@link DigestKey}
 * @returns the digest (a copy) and its layout, or `undefined` when neither layout verifies
 */
export function findDigest(packet: Uint8Array, key: Uint8Array): { digest: Buffer; layout: DigestLayout } | undefined {
  for (const layout of [LAYOUT_D8, LAYOUT_D772]) {
    const offset = digestOffset(packet, layout);
    const digest = computeDigest(packet, offset, key);
    if (digest.equals(packet.subarray(offset, offset + DIGEST_BYTES))) return { digest, layout };
  }
  return undefined;
}

/** Computes the digest of `packet` (1536 bytes) for `layout` and writes it into its place. */
export function signPacket(packet: Buffer, layout: DigestLayout, key: Uint8Array): void {
  const offset = digestOffset(packet, layout);
  computeDigest(packet, offset, key).copy(packet, offset);
}

/**
 * Signs an S2 in place: the last 32 bytes become the answer to the client's digest, over the 1504 bytes before them.
 *
 * @param packet 1536 bytes
 * @param clientDigest 32 bytes, the digest found in C1
 * @returns the signature, a view of the packet, and the key that it was made with
 */
export function signResponse(packet: Buffer, clientDigest: Uint8Array): { signature: Buffer; key: Buffer } {
  const body = packet.subarray(0, HANDSHAKE_PACKET_BYTES - DIGEST_BYTES);
  const signature = packet.subarray(HANDSHAKE_PACKET_BYTES - DIGEST_BYTES);
  const key = hmac(SERVER_KEY_FULL, clientDigest);
  hmac(key, body).copy(signature);
  return { signature, key };
}
