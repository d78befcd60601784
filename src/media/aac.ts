import { BitReader } from './bit-reader.js';
import type { AudioFacts } from './track.js';

const SAMPLE_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
/** Channels per channelConfiguration (ISO/IEC 14496-3 table 1.19); 0 means that a program config element says it. */
const CHANNELS: Readonly<Record<number, number>> = {
  1: 1,
  2: 2,
  3: 3,
  4: 4,
  5: 5,
  6: 6,
  7: 8,
  11: 7,
  12: 8,
  14: 8,
};
const AOT_SBR = 5;
const AOT_PS = 29;
const AOT_ESCAPE = 31;
const SYNC_SBR = 0x2b7;
const SYNC_PS = 0x548;
/** Object types whose configuration is a GASpecificConfig. */
const GENERAL_AUDIO = new Set([1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23]);

/**
 * Reads an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1) with explicit SBR and PS in both of their forms.
 *
 * @param config borrowed
 * @returns `mp4a.40.N`, output sample rate in Hz and channels; `undefined` when it is too short or reserved
 */
export function parseAacConfig(config: Uint8Array): AudioFacts | undefined {
  const r = new BitReader(config.subarray(0, 256));
  let objectType = readObjectType(r);
  let sampleRate = readSampleRate(r);
  let channels: number | undefined = CHANNELS[r.bits(4)];
  const announced = objectType;
  if (r.overrun || objectType === 0) return undefined;
  if (objectType === AOT_SBR || objectType === AOT_PS) {
    sampleRate = readSampleRate(r) ?? sampleRate;
    objectType = readObjectType(r);
    if (objectType === 22) r.skip(4);
  }
  let codecType = announced;
  if (GENERAL_AUDIO.has(objectType)) {
    const fromElement = skipGeneralAudioConfig(r, objectType, channels === undefined);
    channels ??= fromElement;
    if (announced === objectType && !r.overrun && r.bitsLeft >= 16 && r.bits(11) === SYNC_SBR) {
      const extension = readSyncExtension(r);
      if (extension !== undefined) {
        codecType = extension.parametricStereo ? AOT_PS : AOT_SBR;
        sampleRate = extension.sampleRate ?? sampleRate;
      }
    }
  }
  // Parametric stereo codes one channel and plays two.
  if (codecType === AOT_PS && channels === 1) channels = 2;
  return {
    kind: 'audio',
    codec: `mp4a.40.${codecType}`,
    ...(sampleRate === undefined ? {} : { sampleRate }),
    ...(channels === undefined ? {} : { channels }),
  };
}

function readObjectType(r: BitReader): number {
  const type = r.bits(5);
  return type === AOT_ESCAPE ? 32 + r.bits(6) : type;
}

function readSampleRate(r: BitReader): number | undefined {
  const index = r.bits(4);
  const rate = index === 15 ? r.bits(24) : SAMPLE_RATES[index];
  return rate === 0 || r.overrun ? undefined : rate;
}

/**
 * GASpecificConfig (ISO/IEC 14496-3 §4.4.1), 1024 and 960 samples alike.
 *
 * @returns the channels of its program config element when one is expected
 */
function skipGeneralAudioConfig(r: BitReader, objectType: number, withElement: boolean): number | undefined {
  r.skip(1);
  if (r.flag()) r.skip(14);
  const extension = r.flag();
  const channels = withElement ? readProgramConfig(r) : undefined;
  if (objectType === 6 || objectType === 20) r.skip(3);
  if (extension) {
    if (objectType === 22) r.skip(16);
    if (objectType === 17 || objectType === 19 || objectType === 20 || objectType === 23) r.skip(3);
    r.skip(1);
  }
  return channels;
}

/** program_config_element (ISO/IEC 14496-3 §4.4.1.1): counts its channels. */
function readProgramConfig(r: BitReader): number | undefined {
  r.skip(10);
  const front = r.bits(4);
  const side = r.bits(4);
  const back = r.bits(4);
  const lfe = r.bits(2);
  const data = r.bits(3);
  const coupling = r.bits(4);
  if (r.flag()) r.skip(4);
  if (r.flag()) r.skip(4);
  if (r.flag()) r.skip(3);
  let channels = lfe;
  for (let i = 0; i < front + side + back; i++) {
    channels += r.flag() ? 2 : 1;
    r.skip(4);
  }
  r.skip(4 * lfe + 4 * data + 5 * coupling);
  // Byte alignment is relative to the start of the configuration.
  r.skip(r.bitsLeft % 8);
  r.skip(8 * r.bits(8));
  return r.overrun || channels === 0 ? undefined : channels;
}

/** Backward compatible signalling after the configuration (ISO/IEC 14496-3 §1.6.6.2). */
function readSyncExtension(r: BitReader): { sampleRate: number | undefined; parametricStereo: boolean } | undefined {
  if (readObjectType(r) !== AOT_SBR || !r.flag()) return undefined;
  const sampleRate = readSampleRate(r);
  if (r.overrun) return undefined;
  const parametricStereo = r.bitsLeft >= 12 && r.bits(11) === SYNC_PS && r.flag();
  return { sampleRate, parametricStereo };
}
