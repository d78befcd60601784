import { BitReader } from './bit-reader.js';
import type { AudioFacts } from './track.js';

const RATES = [48000, 44100, 32000];
/** Channels per acmod, LFE apart (ETSI TS 102 366 table 4.3). */
const CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5];

/**
 * Reads the first syncframe of AC-3 or E-AC-3 (ETSI TS 102 366 §4.3, §E.1.2); the two are told apart by their `bsid`.
 *
 * @param frame borrowed
 * @returns `ac-3` or `ec-3` with rate and channels; `undefined` when it is no syncframe
 */
export function parseAc3Frame(frame: Uint8Array): AudioFacts | undefined {
  if (frame.length < 8 || frame[0] !== 0x0b || frame[1] !== 0x77) return undefined;
  const bsid = frame[5]! >> 3;
  if (bsid > 16) return undefined;
  return bsid > 10 ? readEnhanced(frame) : readPlain(frame);
}

function readPlain(frame: Uint8Array): AudioFacts | undefined {
  const r = new BitReader(frame.subarray(4));
  const sampleRate = RATES[r.bits(2)];
  r.skip(14);
  const mode = r.bits(3);
  if ((mode & 1) !== 0 && mode !== 1) r.skip(2);
  if ((mode & 4) !== 0) r.skip(2);
  if (mode === 2) r.skip(2);
  const channels = CHANNELS[mode]! + r.bits(1);
  return r.overrun || sampleRate === undefined ? undefined : { kind: 'audio', codec: 'ac-3', sampleRate, channels };
}

function readEnhanced(frame: Uint8Array): AudioFacts | undefined {
  const r = new BitReader(frame.subarray(2));
  r.skip(16);
  const rateCode = r.bits(2);
  const secondCode = r.bits(2);
  const rate = rateCode === 3 ? (RATES[secondCode] ?? 0) / 2 : RATES[rateCode]!;
  const channels = CHANNELS[r.bits(3)]! + r.bits(1);
  return r.overrun || rate === 0 ? undefined : { kind: 'audio', codec: 'ec-3', sampleRate: rate, channels };
}
