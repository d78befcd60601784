import { BitReader } from './bit-reader.js';
import { checkedSize, type Size, type VideoFacts } from './track.js';

/**
 * Reads a VPCodecConfigurationRecord (VP codec ISO media file binding §2.2). Encoders disagree on whether the four
 * FullBox bytes `01 000000` come first (gortmplib sends them, ffmpeg does not); both are read.
 *
 * @param fourCc `vp08` or `vp09`
 * @param vpcC the record, borrowed
 * @returns the codec string (the record has no size), or `undefined` when it is not such a record
 */
export function parseVpConfig(fourCc: 'vp08' | 'vp09', vpcC: Uint8Array): VideoFacts | undefined {
  const fullBox = vpcC.length >= 8 && vpcC[0] === 1 && vpcC[1] === 0 && vpcC[2] === 0 && vpcC[3] === 0;
  const record = fullBox ? vpcC.subarray(4) : vpcC;
  if (record.length < 3) return undefined;
  const two = (n: number): string => String(n).padStart(2, '0');
  return { kind: 'video', codec: `${fourCc}.${two(record[0]!)}.${two(record[1]!)}.${two(record[2]! >> 4)}` };
}

/**
 * Reads the size from a VP8 key frame (RFC 6386 §9.1), scaling bits left out.
 *
 * @param frame borrowed
 * @returns the size, or `undefined` when it is not a key frame
 */
export function parseVp8Frame(frame: Uint8Array): Size | undefined {
  if (frame.length < 10 || (frame[0]! & 1) !== 0) return undefined;
  if (frame[3] !== 0x9d || frame[4] !== 0x01 || frame[5] !== 0x2a) return undefined;
  return checkedSize((frame[6]! | (frame[7]! << 8)) & 0x3fff, (frame[8]! | (frame[9]! << 8)) & 0x3fff);
}

const VP9_SYNC_CODE = 0x498342;
const CS_RGB = 7;

/**
 * Reads the size from the uncompressed header of a VP9 key frame (VP9 bitstream §6.2).
 *
 * @param frame a frame or superframe, borrowed
 * @returns the size, or `undefined` when it is not a key frame
 */
export function parseVp9Frame(frame: Uint8Array): Size | undefined {
  const r = new BitReader(frame.subarray(0, 32));
  if (r.bits(2) !== 2) return undefined;
  const profile = r.bits(1) + 2 * r.bits(1);
  if (profile === 3) r.skip(1);
  const showExisting = r.flag();
  const interFrame = r.flag();
  r.skip(2);
  if (showExisting || interFrame || r.bits(24) !== VP9_SYNC_CODE) return undefined;
  if (profile >= 2) r.skip(1);
  const oddProfile = (profile & 1) === 1;
  if (r.bits(3) !== CS_RGB) r.skip(oddProfile ? 4 : 1);
  else if (oddProfile) r.skip(1);
  const size = checkedSize(r.bits(16) + 1, r.bits(16) + 1);
  return r.overrun ? undefined : size;
}
