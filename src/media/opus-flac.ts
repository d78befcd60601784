import type { AudioFacts } from './track.js';

/** Whether `bytes` starts with these ASCII characters. */
function startsWith(bytes: Uint8Array, magic: string): boolean {
  for (let i = 0; i < magic.length; i++) if (bytes[i] !== magic.charCodeAt(i)) return false;
  return true;
}

/**
 * Opus always decodes at this rate. The rate inside OpusHead is that of the source (RFC 7845 §5.1) and is not shown.
 */
const OPUS_SAMPLE_RATE = 48000;

/**
 * Reads an OpusHead (RFC 7845 §5.1). Enhanced RTMP allows it to be empty.
 *
 * @param head borrowed
 * @returns always facts: `opus` at 48000 Hz, channels when the head has them
 */
export function parseOpusHead(head: Uint8Array): AudioFacts {
  const channels = head.length >= 19 && startsWith(head, 'OpusHead') ? head[9]! : 0;
  return { kind: 'audio', codec: 'opus', sampleRate: OPUS_SAMPLE_RATE, ...(channels === 0 ? {} : { channels }) };
}

/**
 * Reads a FLAC STREAMINFO block (RFC 9639 §8.2), with or without the `fLaC` marker and block header before it.
 *
 * @param config borrowed
 * @returns `flac` with rate and channels; `undefined` when it is too short
 */
export function parseFlacConfig(config: Uint8Array): AudioFacts | undefined {
  const info = startsWith(config, 'fLaC') ? config.subarray(8) : config;
  if (info.length < 18) return undefined;
  const sampleRate = (info[10]! << 12) | (info[11]! << 4) | (info[12]! >> 4);
  if (sampleRate === 0) return undefined;
  return { kind: 'audio', codec: 'flac', sampleRate, channels: ((info[12]! >> 1) & 7) + 1 };
}
