import { parseAvcSps } from './avc.js';
import { parseHevcSps } from './hevc.js';
import type { VideoFacts } from './track.js';

/**
 * NAL units of one frame that are inspected. Parameter sets stand before the picture, behind a delimiter and a few
 * messages.
 */
const MAX_NALS = 16;
const AVC_SPS = 7;
const HEVC_SPS = 33;

/**
 * Reads the picture size from the first sequence parameter set inside a frame, for streams whose decoder configuration
 * has none (ISO/IEC 14496-15 `avc3`, `hev1`).
 *
 * @param codec `avc1` or `hvc1`
 * @param frame the frame's NAL units, each behind its length, or the beginning of them; borrowed
 * @param lengthBytes bytes of each length: 1, 2 or 4
 * @returns what the set tells; an empty object when there is none in what is given
 */
export function factsInBand(
  codec: 'avc1' | 'hvc1',
  frame: Uint8Array,
  lengthBytes: number,
): Pick<VideoFacts, 'width' | 'height' | 'fps' | 'nominalFps'> {
  let p = 0;
  for (let i = 0; i < MAX_NALS && p + lengthBytes < frame.length; i++) {
    let length = 0;
    for (let b = 0; b < lengthBytes; b++) length = length * 256 + frame[p + b]!;
    p += lengthBytes;
    const nal = frame.subarray(p, p + length);
    if (codec === 'avc1' && (frame[p]! & 31) === AVC_SPS) return parseAvcSps(nal);
    if (codec === 'hvc1' && ((frame[p]! >> 1) & 63) === HEVC_SPS) return parseHevcSps(nal) ?? {};
    p += length;
  }
  return {};
}
