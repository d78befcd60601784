import { BitReader } from './bit-reader.js';
import { checkedFps, checkedSize, type VideoFacts } from './track.js';

/**
 * Reads a VvcDecoderConfigurationRecord (ISO/IEC 14496-15:2022 §11.2.4.2) as far as profile, level and picture size.
 *
 * @param vvcC the record, borrowed; the four FullBox bytes of a `vvcC` box may precede it
 * @returns the facts; just `vvc1` when the record states no profile; `undefined` when it is not such a record
 */
export function parseVvcConfig(vvcC: Uint8Array): VideoFacts | undefined {
  const fullBox = vvcC.length >= 5 && vvcC[0] === 0 && vvcC[1] === 0 && vvcC[2] === 0 && vvcC[3] === 0;
  const r = new BitReader(fullBox ? vvcC.subarray(4) : vvcC);
  if (r.bits(5) !== 31) return undefined;
  r.skip(2);
  if (!r.flag()) return r.overrun ? undefined : { kind: 'video', codec: 'vvc1' };
  r.skip(9);
  const subLayers = r.bits(3);
  const constantRate = r.bits(2);
  r.skip(10);
  r.skip(2);
  const constraintBytes = r.bits(6);
  const profile = r.bits(7);
  const tier = r.flag() ? 'H' : 'L';
  const level = r.bits(8);
  r.skip(8 * constraintBytes);
  if (subLayers > 1) {
    let levels = 0;
    for (let i = 1; i < subLayers; i++) levels += r.bits(1);
    r.skip(8 - (subLayers - 1));
    r.skip(8 * levels);
  }
  r.skip(32 * r.bits(8));
  const size = checkedSize(r.bits(16), r.bits(16));
  const average = r.bits(16) / 256;
  if (r.overrun) return { kind: 'video', codec: 'vvc1' };
  const fps = constantRate === 1 ? checkedFps(average) : undefined;
  return { kind: 'video', codec: `vvc1.${profile}.${tier}${level}`, ...size, ...(fps === undefined ? {} : { fps }) };
}
