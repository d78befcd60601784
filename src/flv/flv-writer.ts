import { SluiceError } from '../core/errors.js';
import {
  BACK_POINTER_BYTES,
  FILE_HEADER_BYTES,
  FLAG_AUDIO,
  FLAG_VIDEO,
  MAX_TAG_BYTES,
  TAG_HEADER_BYTES,
} from './flv-format.js';

/**
 * The kinds of media that a file or live stream announces. Browser players wait for ever for a kind that is announced
 * and never comes.
 */
interface FlvFlags {
  readonly audio: boolean;
  readonly video: boolean;
}

/** The flags byte at offset 4 of a file. */
export function flvFlagsByte(flags: FlvFlags): number {
  return (flags.audio ? FLAG_AUDIO : 0) | (flags.video ? FLAG_VIDEO : 0);
}

/**
 * The first 13 bytes of a file: `46 4C 56 01 flags 00000009` and the first PreviousTagSize `00000000` (Adobe FLV 10.1
 * §E.2, §E.3).
 *
 * @returns a new Buffer, the caller's
 */
export function flvHeader(flags: FlvFlags): Buffer {
  const out = Buffer.alloc(FILE_HEADER_BYTES + BACK_POINTER_BYTES);
  out.write('FLV\u0001', 'latin1');
  out[4] = flvFlagsByte(flags);
  out[8] = FILE_HEADER_BYTES;
  return out;
}

/**
 * One whole tag: header, body, PreviousTagSize (Adobe FLV 10.1 §E.4.1); the timestamp's high byte comes last, the
 * stream id is 0.
 *
 * @param type one of `FlvTagType`
 * @param timestampMs taken modulo 2^32
 * @param payload the body, borrowed until return; at most 16777215 bytes
 * @returns a new Buffer, the caller's
 * @throws SluiceError `ERR_FLV_TAG_SIZE` when the body is larger
 */
export function flvTag(type: number, timestampMs: number, payload: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(TAG_HEADER_BYTES + payload.length + BACK_POINTER_BYTES);
  writeFlvTagHeader(out, 0, { type, timestampMs, payloadBytes: payload.length });
  out.set(payload, TAG_HEADER_BYTES);
  out.writeUInt32BE(TAG_HEADER_BYTES + payload.length, TAG_HEADER_BYTES + payload.length);
  return out;
}

/**
 * Writes only a tag's 11 header bytes, for callers that write body and PreviousTagSize (11 + body bytes, u32)
 * themselves.
 *
 * @param target written from `at`; must have 11 bytes there
 * @returns the offset behind the header
 * @throws SluiceError `ERR_FLV_TAG_SIZE` when `payloadBytes` is over 16777215
 */
export function writeFlvTagHeader(
  target: Buffer,
  at: number,
  tag: { readonly type: number; readonly timestampMs: number; readonly payloadBytes: number },
): number {
  if (tag.payloadBytes > MAX_TAG_BYTES) throw new SluiceError('ERR_FLV_TAG_SIZE', `${tag.payloadBytes} bytes to write`);
  const timestamp = tag.timestampMs >>> 0;
  target[at] = tag.type;
  target.writeUIntBE(tag.payloadBytes, at + 1, 3);
  target.writeUIntBE(timestamp & 0xffffff, at + 4, 3);
  target[at + 7] = timestamp >>> 24;
  target.writeUIntBE(0, at + 8, 3);
  return at + TAG_HEADER_BYTES;
}
