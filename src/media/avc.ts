import { BitReader, hex, unescapeNal } from './bit-reader.js';
import { checkedFps, checkedSize, type VideoFacts } from './track.js';

/** Profiles whose SPS carries chroma format, bit depths and scaling matrices (ITU-T H.264 §7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const NAL_SPS = 7;
/** `aspect_ratio_idc` that is followed by an explicit ratio (ITU-T H.264 table E-1). */
const EXTENDED_SAR = 255;

/**
 * Reads an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1): codec string always, size and fixed frame rate
 * from the first SPS when it can be read.
 *
 * @param avcC the record, borrowed
 * @returns the facts, or `undefined` when it is not such a record. A record without an SPS tells no size: frames have
 *   it then
 */
export function parseAvcConfig(avcC: Uint8Array): VideoFacts | undefined {
  if (avcC.length < 6 || avcC[0] !== 1) return undefined;
  const codec = `avc1.${hex(avcC.subarray(1, 4))}`;
  const spsCount = avcC[5]! & 31;
  const nalLengthBytes = (avcC[4]! & 3) + 1;
  if (spsCount === 0 || avcC.length < 8) return { kind: 'video', codec, nalLengthBytes };
  const length = (avcC[6]! << 8) | avcC[7]!;
  return { kind: 'video', codec, nalLengthBytes, ...parseAvcSps(avcC.subarray(8, 8 + length)) };
}

/**
 * Reads a sequence parameter set (ITU-T H.264 §7.3.2.1.1) as far as its VUI timing.
 *
 * @param nal the NAL unit with its header byte and emulation prevention, borrowed
 * @returns what could be read; an empty object when the set is damaged
 */
export function parseAvcSps(nal: Uint8Array): Omit<VideoFacts, 'kind' | 'codec'> {
  if (nal.length < 4 || (nal[0]! & 31) !== NAL_SPS) return {};
  const r = new BitReader(unescapeNal(nal.subarray(1)));
  const profile = r.bits(8);
  r.skip(16);
  r.ue();
  let chroma = 1;
  if (HIGH_PROFILES.has(profile)) {
    chroma = r.ue();
    if (chroma > 3) return {};
    const separatePlanes = chroma === 3 && r.flag();
    r.ue();
    r.ue();
    r.skip(1);
    if (r.flag()) skipScalingLists(r, chroma === 3 ? 12 : 8);
    if (separatePlanes) chroma = 0;
  }
  r.ue();
  if (!skipPictureOrder(r)) return {};
  r.ue();
  r.skip(1);
  const widthInMacroblocks = r.ue() + 1;
  const heightInMapUnits = r.ue() + 1;
  const frameMacroblocksOnly = r.flag();
  if (!frameMacroblocksOnly) r.skip(1);
  r.skip(1);
  const fieldFactor = frameMacroblocksOnly ? 1 : 2;
  let width = widthInMacroblocks * 16;
  let height = heightInMapUnits * 16 * fieldFactor;
  if (r.flag()) {
    // Crop counts chroma samples, and rows of a field when the picture may be interlaced.
    const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
    const unitY = (chroma === 1 ? 2 : 1) * fieldFactor;
    width -= unitX * (r.ue() + r.ue());
    height -= unitY * (r.ue() + r.ue());
  }
  if (r.overrun) return {};
  const size = checkedSize(width, height);
  if (size === undefined) return {};
  return r.flag() ? { ...size, ...readVuiTiming(r) } : size;
}

function skipScalingLists(r: BitReader, lists: number): void {
  for (let list = 0; list < lists; list++) {
    if (!r.flag()) continue;
    let last = 8;
    for (let i = list < 6 ? 16 : 64; i > 0 && !r.overrun; i--) {
      const next = (((last + r.se()) % 256) + 256) % 256;
      if (next === 0) break;
      last = next;
    }
  }
}

function skipPictureOrder(r: BitReader): boolean {
  const type = r.ue();
  if (type === 0) r.ue();
  else if (type === 1) {
    r.skip(1);
    r.se();
    r.se();
    const cycle = r.ue();
    if (cycle > 255) return false;
    for (let i = 0; i < cycle; i++) r.se();
  }
  return type <= 2 && !r.overrun;
}

/** Beyond this rate the ticks are those of a clock (1/1000, 1/90000), not of frames. */
const MAX_NOMINAL_FPS = 120;

/** VUI up to its timing (ITU-T H.264 §E.1.1). */
function readVuiTiming(r: BitReader): Pick<VideoFacts, 'fps' | 'nominalFps'> {
  if (r.flag() && r.bits(8) === EXTENDED_SAR) r.skip(32);
  if (r.flag()) r.skip(1);
  if (r.flag()) {
    r.skip(4);
    if (r.flag()) r.skip(24);
  }
  if (r.flag()) {
    r.ue();
    r.ue();
  }
  if (!r.flag()) return {};
  const unitsInTick = r.bits(32);
  const timeScale = r.bits(32);
  const fixed = r.flag();
  // A tick is the time of a field, so frames come at half the tick rate.
  const fps = checkedFps(timeScale / (2 * unitsInTick));
  if (r.overrun || fps === undefined) return {};
  if (fixed) return { fps };
  return fps <= MAX_NOMINAL_FPS ? { nominalFps: fps } : {};
}
