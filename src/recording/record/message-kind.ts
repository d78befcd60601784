import { FlvTagType } from '../../flv/flv-format.js';
import { isMetadata } from './amf-properties.js';

/** What a message is for a file. */
export interface MessageKind {
  /**
   * `metadata`: the stream's onMetaData; `config`: what decoders need before frames; `key`: a keyframe of the first
   * track; `video`: any other video; `audio`; `data`: any other data.
   */
  readonly kind: 'metadata' | 'config' | 'key' | 'video' | 'audio' | 'data';
  /** Of a `config`: where the latest one replaces those before it. */
  readonly slot?: string;
}

/** So many bytes of a message show what it is. They lie in its first chunk, whatever the chunk size. */
export const PEEK_BYTES = 128;

const AUDIO: MessageKind = { kind: 'audio' };
const VIDEO: MessageKind = { kind: 'video' };
const KEY: MessageKind = { kind: 'key' };
const DATA: MessageKind = { kind: 'data' };
const METADATA: MessageKind = { kind: 'metadata' };
const MODEX = 7;
const AUDIO_MULTITRACK = 5;
const VIDEO_MULTITRACK = 6;
const ONE_TRACK = 0;

/**
 * Says what a message is, by its first bytes: of the legacy and of the Enhanced RTMP form. What cannot be read is a
 * frame.
 *
 * @param type of the message
 * @param start its first {@link PEEK_BYTES}, or all of it
 */
export function kindOf(type: number, start: Buffer): MessageKind {
  if (type === FlvTagType.Video) return videoKind(start);
  if (type === FlvTagType.Audio) return audioKind(start);
  return type === FlvTagType.Script && isMetadata(start) ? METADATA : DATA;
}

function videoKind(start: Buffer): MessageKind {
  const first = start[0] ?? 0;
  const frameType = (first >> 4) & 7;
  if ((first & 0x80) === 0) {
    const codec = first & 15;
    const hasPacketType = codec === 7 || codec === 12 || codec === 13;
    if (hasPacketType && start[1] === 0 && frameType !== 5) return { kind: 'config', slot: 'v0' };
    return frameType === 1 && (!hasPacketType || start[1] === 1) ? KEY : VIDEO;
  }
  const { packetType, trackId, many } = enhanced(start, first & 15, VIDEO_MULTITRACK);
  if (packetType === 0 || packetType === 5) return { kind: 'config', slot: `v${many ? 's' : trackId}` };
  if (packetType === 4) return { kind: 'config', slot: `vm${trackId}` };
  const isCoded = packetType === 1 || packetType === 3;
  return isCoded && frameType === 1 && (trackId === 0 || many) ? KEY : VIDEO;
}

function audioKind(start: Buffer): MessageKind {
  const first = start[0] ?? 0;
  if (first >> 4 === 10) return start.length > 1 && start[1] === 0 ? { kind: 'config', slot: 'a0' } : AUDIO;
  if (first >> 4 !== 9) return AUDIO;
  const { packetType, trackId, many } = enhanced(start, first & 15, AUDIO_MULTITRACK);
  if (packetType === 0) return { kind: 'config', slot: `a${many ? 's' : trackId}` };
  return packetType === 4 ? { kind: 'config', slot: `am${trackId}` } : AUDIO;
}

interface Enhanced {
  /** Undefined when it lies behind what is known. */
  readonly packetType: number | undefined;
  /** Of the first track. */
  readonly trackId: number;
  /** Whether it has several tracks. */
  readonly many: boolean;
}

/** Reads over ModEx prefixes and the multitrack header. */
function enhanced(start: Buffer, firstType: number, multitrack: number): Enhanced {
  let packetType: number | undefined = firstType;
  let at = 1;
  while (packetType === MODEX) {
    let size = (start[at++] ?? 0) + 1;
    if (size === 256) {
      size = (((start[at] ?? 0) << 8) | (start[at + 1] ?? 0)) + 1;
      at += 2;
    }
    at += size;
    const next: number | undefined = start[at++];
    packetType = next === undefined ? undefined : next & 15;
  }
  if (packetType !== multitrack) return { packetType, trackId: 0, many: false };
  const byte = start[at++];
  if (byte === undefined) return { packetType: undefined, trackId: 0, many: false };
  // The FourCC stands before the id of the track, in every layout.
  return { packetType: byte & 15, trackId: start[at + 4] ?? 0, many: byte >> 4 !== ONE_TRACK };
}
