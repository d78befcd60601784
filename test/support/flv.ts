import { createHash } from 'node:crypto';

/** One FLV tag: type 8 audio, 9 video, 18 script data; timestamp in milliseconds. */
export interface FlvTag {
  readonly type: number;
  readonly timestamp: number;
  readonly payload: Buffer;
}

/** An FLV file of the given tags. */
export function writeFlv(tags: readonly FlvTag[]): Buffer {
  const flags = (tags.some((t) => t.type === 8) ? 4 : 0) | (tags.some((t) => t.type === 9) ? 1 : 0);
  const parts: Buffer[] = [Buffer.from([0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, 9, 0, 0, 0, 0])];
  for (const { type, timestamp, payload } of tags) {
    const head = Buffer.alloc(11);
    head.writeUInt8(type, 0);
    head.writeUIntBE(payload.length, 1, 3);
    head.writeUIntBE(timestamp & 0xffffff, 4, 3);
    head.writeUInt8((timestamp >>> 24) & 255, 7);
    const back = Buffer.alloc(4);
    back.writeUInt32BE(11 + payload.length);
    parts.push(head, payload, back);
  }
  return Buffer.concat(parts);
}

/** The tags of an FLV file; an unfinished last tag is left out. Throws when the bytes are no FLV. */
export function readFlv(bytes: Buffer): FlvTag[] {
  if (bytes.length === 0) return [];
  if (bytes.toString('latin1', 0, 3) !== 'FLV') throw new Error(`not FLV: ${bytes.toString('hex', 0, 16)}`);
  const tags: FlvTag[] = [];
  let at = 13;
  while (at + 11 <= bytes.length) {
    const size = bytes.readUIntBE(at + 1, 3);
    if (at + 11 + size > bytes.length) break;
    tags.push({
      type: bytes[at] & 31,
      timestamp: ((bytes[at + 7] << 24) | bytes.readUIntBE(at + 4, 3)) >>> 0,
      payload: Buffer.from(bytes.subarray(at + 11, at + 11 + size)),
    });
    at += 15 + size;
  }
  return tags;
}

/** The same of a live stream, which ends with a whole tag. Throws on whatever a reader may only warn of. */
export function readFlvStrictly(bytes: Buffer): FlvTag[] {
  const tags = readFlv(bytes);
  const kinds = bytes.length === 0 ? 0 : bytes[4] & 5;
  const again = bytes.length === 0 ? bytes : writeFlv(tags);
  if (bytes.length > 0) again[4] = kinds;
  if (!again.equals(bytes)) throw new Error('not what a writer of these tags makes');
  return tags;
}

/** SHA-256 of a payload, cut to 16 hex digits. */
export function digest(payload: Uint8Array): string {
  return createHash('sha256').update(payload).digest('hex').slice(0, 16);
}

/**
 * The payload digests of one kind of tag, in order. Messages that librtmp never hands on (video of up to 5 bytes, audio
 * of up to 1 byte: end-of-sequence and silence markers) are left out on both sides of a comparison.
 */
export function digests(tags: readonly FlvTag[], type: 8 | 9): string[] {
  return tags.filter((t) => t.type === type && t.payload.length > (type === 9 ? 5 : 1)).map((t) => digest(t.payload));
}
