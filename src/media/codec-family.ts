import type { MediaKind } from '../model/track.js';

const LEGACY: Readonly<Record<MediaKind, Readonly<Record<number, string>>>> = {
  audio: { 2: '.mp3', 10: 'mp4a', 14: '.mp3' },
  video: { 7: 'avc1', 12: 'hvc1', 13: 'av01' },
};

/**
 * Names a codec alike however a message names it: by FLV's legacy id or by the FourCC of Enhanced RTMP.
 *
 * @param codec legacy id 0 to 15, or the four characters, as text or as a big-endian number
 */
export function codecFamily(kind: MediaKind, codec: number | string): string {
  if (typeof codec === 'string') return codec;
  if (codec < 16) return LEGACY[kind][codec] ?? String(codec);
  return String.fromCharCode(codec >>> 24, (codec >>> 16) & 0xff, (codec >>> 8) & 0xff, codec & 0xff);
}
