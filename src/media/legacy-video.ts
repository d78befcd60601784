import { BitReader } from './bit-reader.js';
import { checkedSize, type Size } from './track.js';

/**
 * FLV video codec ids (Adobe FLV 10.1 §E.4.3.1) with the names that tools show for them; 12 and 13 are in use though
 * never registered.
 */
export const LEGACY_VIDEO_CODECS: Readonly<Record<number, string>> = {
  1: 'jpeg',
  2: 'flv1',
  3: 'flashsv',
  4: 'vp6f',
  5: 'vp6a',
  6: 'flashsv2',
  7: 'avc1',
  12: 'hvc1',
  13: 'av01',
};

/** Ids whose frames follow the first byte directly; 7, 12 and 13 have a packet type and composition time between. */
export function hasLegacyPacketType(codecId: number): boolean {
  return codecId === 7 || codecId === 12 || codecId === 13;
}

const H263_SIZES: readonly (readonly [number, number])[] = [
  [352, 288],
  [176, 144],
  [128, 96],
  [320, 240],
  [160, 120],
];

/**
 * Reads the picture size of a key frame of the codecs that have no sequence header.
 *
 * @param codecId FLV codec id: 2 (Sorenson H.263), 3 and 6 (Screen video), 4 and 5 (VP6)
 * @param frame the payload after its first byte, borrowed
 * @returns the size, or `undefined` when the frame does not show it
 */
export function parseLegacyFrame(codecId: number, frame: Uint8Array): Size | undefined {
  switch (codecId) {
    case 2:
      return parseSorensonFrame(frame);
    case 3:
    case 6:
      return parseScreenFrame(frame);
    case 4:
      return parseVp6Frame(frame, 1);
    case 5:
      return parseVp6Frame(frame, 4);
    default:
      return undefined;
  }
}

/** Sorenson H.263 picture header (Adobe FLV 10.1 §E.4.3.2). */
function parseSorensonFrame(frame: Uint8Array): Size | undefined {
  const r = new BitReader(frame.subarray(0, 16));
  if (r.bits(17) !== 1) return undefined;
  r.skip(13);
  const format = r.bits(3);
  if (format === 7) return undefined;
  const custom = format < 2 ? 8 * (format + 1) : 0;
  const [width, height] = custom > 0 ? [r.bits(custom), r.bits(custom)] : H263_SIZES[format - 2]!;
  return r.overrun ? undefined : checkedSize(width, height);
}

/** Screen video packet: block size and image size interleaved, 4 and 12 bits (Adobe FLV 10.1 §E.4.3.3). */
function parseScreenFrame(frame: Uint8Array): Size | undefined {
  if (frame.length < 4) return undefined;
  return checkedSize(((frame[0]! & 15) << 8) | frame[1]!, ((frame[2]! & 15) << 8) | frame[3]!);
}

/** VP6: an adjustment byte (columns, rows to cut), [alpha offset], then the frame header with macroblock counts. */
function parseVp6Frame(frame: Uint8Array, headerAt: number): Size | undefined {
  if (frame.length < headerAt + 6) return undefined;
  const first = frame[headerAt]!;
  if ((first & 0x80) !== 0) return undefined;
  const separatePartitions = (first & 1) !== 0;
  const simpleProfile = (frame[headerAt + 1]! & 6) === 0;
  const sizeAt = headerAt + (separatePartitions || simpleProfile ? 4 : 2);
  const rows = frame[sizeAt]!;
  const columns = frame[sizeAt + 1]!;
  return checkedSize(columns * 16 - (frame[0]! >> 4), rows * 16 - (frame[0]! & 15));
}
