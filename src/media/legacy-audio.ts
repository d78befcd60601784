import type { AudioFacts } from './track.js';

const RATES = [5512, 11025, 22050, 44100];
/**
 * Names of the FLV sound formats (Adobe FLV 10.1 §E.4.2.1) that have no configuration; 13 is in use though never
 * registered.
 */
const NAMES: Readonly<Record<number, string>> = {
  0: 'pcm',
  1: 'adpcm_swf',
  2: 'mp4a.40.34',
  3: 'pcm_s16le',
  4: 'nellymoser',
  5: 'nellymoser',
  6: 'nellymoser',
  7: 'pcm_alaw',
  8: 'pcm_mulaw',
  10: 'mp4a.40.2',
  11: 'speex',
  13: 'opus',
  14: 'mp4a.40.34',
  15: 'device',
};

/**
 * Reads what the first byte of an audio message says by itself. For AAC and MP3 it is only a guess: their own headers
 * say more.
 *
 * @param firstByte sound format, rate, size and type (Adobe FLV 10.1 §E.4.2.1)
 * @returns the facts, or `undefined` for a reserved format and for 9, the Enhanced RTMP header
 */
export function describeLegacyAudio(firstByte: number): AudioFacts | undefined {
  const format = (firstByte >> 4) & 15;
  let codec = NAMES[format];
  if (codec === undefined) return undefined;
  let sampleRate = RATES[(firstByte >> 2) & 3];
  let channels = (firstByte & 1) + 1;
  switch (format) {
    case 0:
    case 3:
      if ((firstByte & 2) === 0) codec = 'pcm_u8';
      break;
    case 4:
      [sampleRate, channels] = [16000, 1];
      break;
    case 5:
    case 7:
    case 8:
      sampleRate = 8000;
      if (format === 5) channels = 1;
      break;
    case 6:
      channels = 1;
      break;
    case 10:
      // The byte is always AF, whatever the stream: only the AudioSpecificConfig knows.
      return { kind: 'audio', codec };
    case 11:
      [sampleRate, channels] = [16000, 1];
      break;
    case 13:
      sampleRate = 48000;
      break;
    case 14:
      sampleRate = 8000;
      break;
    case 15:
      return { kind: 'audio', codec };
  }
  return { kind: 'audio', codec, sampleRate, channels };
}
