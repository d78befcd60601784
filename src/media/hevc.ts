import { BitReader, unescapeNal } from './bit-reader.js';
import { checkedFps, checkedSize, type Size, type VideoFacts } from './track.js';

const NAL_SPS = 33;
/** Real records hold three or four arrays of one NAL unit each. */
const MAX_ARRAYS = 16;
const MAX_NALS = 16;

/**
 * Reads an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1): codec string always, size from the first SPS,
 * frame rate when the record states a constant one.
 *
 * @param hvcC the record, borrowed
 * @returns the facts, or `undefined` when it is not such a record
 */
export function parseHevcConfig(hvcC: Uint8Array): VideoFacts | undefined {
  if (hvcC.length < 23 || hvcC[0] !== 1) return undefined;
  const average = ((hvcC[19]! << 8) | hvcC[20]!) / 256;
  const fps = hvcC[21]! >> 6 === 1 ? checkedFps(average) : undefined;
  const sps = findSps(hvcC);
  const size = sps === undefined ? undefined : parseHevcSps(sps);
  return {
    kind: 'video',
    codec: codecString(hvcC),
    nalLengthBytes: (hvcC[21]! & 3) + 1,
    ...size,
    ...(fps === undefined ? {} : { fps }),
  };
}

/**
 * `hvc1.` profile space and profile, reversed compatibility flags, tier and level, constraint bytes (ISO/IEC 14496-15
 * annex E).
 */
function codecString(hvcC: Uint8Array): string {
  const space = ['', 'A', 'B', 'C'][hvcC[1]! >> 6]!;
  const tier = (hvcC[1]! & 0x20) === 0 ? 'L' : 'H';
  const profile = hvcC[1]! & 31;
  let compatibility = 0;
  for (let bit = 0; bit < 32; bit++) {
    if ((hvcC[2 + (bit >> 3)]! >> (7 - (bit & 7))) & 1) compatibility += 2 ** bit;
  }
  const constraints = [...hvcC.subarray(6, 12)];
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop();
  const hexByte = (byte: number): string => byte.toString(16).toUpperCase();
  return [
    `hvc1.${space}${profile}`,
    compatibility.toString(16).toUpperCase(),
    `${tier}${hvcC[12]!}`,
    ...constraints.map(hexByte),
  ].join('.');
}

function findSps(hvcC: Uint8Array): Uint8Array | undefined {
  let p = 23;
  const arrays = Math.min(hvcC[22]!, MAX_ARRAYS);
  for (let array = 0; array < arrays && p + 3 <= hvcC.length; array++) {
    const type = hvcC[p]! & 63;
    const nals = Math.min((hvcC[p + 1]! << 8) | hvcC[p + 2]!, MAX_NALS);
    p += 3;
    for (let i = 0; i < nals && p + 2 <= hvcC.length; i++) {
      const length = (hvcC[p]! << 8) | hvcC[p + 1]!;
      p += 2;
      if (type === NAL_SPS) return hvcC.subarray(p, p + length);
      p += length;
    }
  }
  return undefined;
}

/**
 * Reads the picture size of a sequence parameter set (ITU-T H.265 §7.3.2.2.1), conformance window taken off.
 *
 * @param nal the NAL unit with its two header bytes and emulation prevention, borrowed
 * @returns the size, or `undefined` when the set is damaged
 */
export function parseHevcSps(nal: Uint8Array): Size | undefined {
  if (nal.length < 15 || ((nal[0]! >> 1) & 63) !== NAL_SPS) return undefined;
  const r = new BitReader(unescapeNal(nal.subarray(2)));
  r.skip(4);
  const subLayers = r.bits(3);
  r.skip(1);
  skipProfileTierLevel(r, subLayers);
  r.ue();
  const chroma = r.ue();
  if (chroma > 3) return undefined;
  const separatePlanes = chroma === 3 && r.flag();
  let width = r.ue();
  let height = r.ue();
  if (r.flag()) {
    const unitX = !separatePlanes && (chroma === 1 || chroma === 2) ? 2 : 1;
    const unitY = !separatePlanes && chroma === 1 ? 2 : 1;
    width -= unitX * (r.ue() + r.ue());
    height -= unitY * (r.ue() + r.ue());
  }
  return r.overrun ? undefined : checkedSize(width, height);
}

/** ITU-T H.265 §7.3.3; the general part is 88 bits of profile and 8 of level. */
function skipProfileTierLevel(r: BitReader, subLayers: number): void {
  r.skip(96);
  const present: { profile: boolean; level: boolean }[] = [];
  for (let i = 0; i < subLayers; i++) present.push({ profile: r.flag(), level: r.flag() });
  if (subLayers > 0) r.skip(2 * (8 - subLayers));
  for (const { profile, level } of present) {
    if (profile) r.skip(88);
    if (level) r.skip(8);
  }
}
