import type { AudioFacts } from './track.js';

/** Sample rates of MPEG-1 by index; MPEG-2 halves, MPEG-2.5 quarters them. */
const RATES = [44100, 48000, 32000];
/** Bytes searched for a frame: encoders may put an ID3 fragment or padding first. */
const SEARCH_BYTES = 64;

/**
 * Reads the first MPEG audio frame header (ISO/IEC 11172-3 §2.4.1.3) at or near the start.
 *
 * @param frame the payload after its FLV byte, borrowed
 * @returns `mp4a.40.34` (layer III), `.33`, `.32` with rate and channels; `undefined` when there is no header
 */
export function parseMpegAudioFrame(frame: Uint8Array): AudioFacts | undefined {
  const last = Math.min(frame.length - 4, SEARCH_BYTES);
  for (let p = 0; p <= last; p++) {
    if (frame[p] !== 0xff || (frame[p + 1]! & 0xe0) !== 0xe0) continue;
    const version = (frame[p + 1]! >> 3) & 3;
    const layer = 4 - ((frame[p + 1]! >> 1) & 3);
    const bitrate = frame[p + 2]! >> 4;
    const rate = RATES[(frame[p + 2]! >> 2) & 3];
    if (version === 1 || layer === 4 || bitrate === 15 || rate === undefined) continue;
    const shift = version === 3 ? 0 : version === 2 ? 1 : 2;
    return {
      kind: 'audio',
      codec: `mp4a.40.${31 + layer}`,
      sampleRate: rate >> shift,
      channels: frame[p + 3]! >> 6 === 3 ? 1 : 2,
    };
  }
  return undefined;
}
