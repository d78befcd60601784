import type { MediaKind } from '../model/track.js';
import { hasLegacyPacketType } from './legacy-video.js';

/** What the part of one track in a media message carries, for legacy and Enhanced RTMP. */
type PacketKind =
  /** decoder configuration: avcC, AudioSpecificConfig … */
  | 'config'
  /** coded frames */
  | 'frames'
  /** end of sequence */
  | 'end'
  /** Enhanced RTMP metadata (`colorInfo`) or MultichannelConfig */
  | 'metadata'
  /** video command frame (seek start and end) */
  | 'command'
  /** zero-length message, or anything not understood */
  | 'other';

/** One track's part of a message. `start` and `end` are offsets into the message payload. */
export interface MediaBody {
  /** 0 unless the message is Enhanced RTMP multitrack. */
  readonly trackId: number;
  /** FourCC (`avc1`, `hvc1`, `Opus` …), or the legacy FLV codec id. */
  readonly codec: string | number;
  readonly packet: PacketKind;
  /** Video only: 1 key, 2 inter, 3 disposable, 4 generated key, 5 command; 0 for audio. */
  readonly frameType: number;
  /** Composition time offset in ms; 0 when the packet has none. */
  readonly compositionMs: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Most tracks of a multitrack message; the others are left out. Encoders send one track in each message, the format
 * allows 256.
 */
const MAX_TRACKS = 64;
/** Most ModEx prefixes of a message that is inspected. One is usual. */
const MAX_MODEX = 8;
const MULTITRACK_ONE = 0;
const MULTITRACK_MANY_CODECS = 2;
const VIDEO_MULTITRACK = 6;
const AUDIO_MULTITRACK = 5;
const MODEX = 7;

/**
 * Finds the body of each track in an audio or video message: behind the legacy header, or behind the ModEx prefixes,
 * multitrack header and FourCC of Enhanced RTMP v2. Never throws; what it does not understand is one body of packet
 * `other`.
 *
 * @param kind audio (message type 8) or video (message type 9)
 * @param payload the whole message, borrowed
 * @returns one body per track, at least one
 */
export function mediaBodies(kind: MediaKind, payload: Uint8Array): MediaBody[] {
  const first = payload[0];
  if (first === undefined) return [opaque(payload, 0, 0)];
  if (kind === 'video') return (first & 0x80) === 0 ? [legacyVideo(payload, first)] : enhanced(kind, payload, first);
  return first >> 4 === 9 ? enhanced(kind, payload, first) : [legacyAudio(payload, first)];
}

function opaque(payload: Uint8Array, codec: string | number, frameType: number): MediaBody {
  return { trackId: 0, codec, packet: 'other', frameType, compositionMs: 0, start: 0, end: payload.length };
}

function legacyVideo(payload: Uint8Array, first: number): MediaBody {
  const frameType = (first >> 4) & 7;
  const codec = first & 15;
  const base = { trackId: 0, codec, frameType, end: payload.length };
  if (frameType === 5) return { ...base, packet: 'command', compositionMs: 0, start: 1 };
  if (!hasLegacyPacketType(codec)) return { ...base, packet: 'frames', compositionMs: 0, start: 1 };
  if (payload.length < 5)
    return { ...base, packet: payload[1] === 2 ? 'end' : 'other', compositionMs: 0, start: payload.length };
  const packet = (['config', 'frames', 'end'] as const)[payload[1]!] ?? 'other';
  return { ...base, packet, compositionMs: packet === 'frames' ? signed24(payload, 2) : 0, start: 5 };
}

function legacyAudio(payload: Uint8Array, first: number): MediaBody {
  const base = { trackId: 0, codec: first >> 4, frameType: 0, compositionMs: 0, end: payload.length };
  if (base.codec !== 10) return { ...base, packet: 'frames', start: 1 };
  if (payload.length < 2) return { ...base, packet: 'other', start: 1 };
  return { ...base, packet: payload[1] === 0 ? 'config' : payload[1] === 1 ? 'frames' : 'other', start: 2 };
}

/** Enhanced RTMP v2 ExVideoTagHeader and ExAudioTagHeader with their bodies. */
function enhanced(kind: MediaKind, payload: Uint8Array, first: number): MediaBody[] {
  const frameType = kind === 'video' ? (first >> 4) & 7 : 0;
  let packetType = first & 15;
  let p = 1;
  for (let i = 0; packetType === MODEX; i++) {
    if (i === MAX_MODEX) return [opaque(payload, '', frameType)];
    let size = (payload[p++] ?? 0) + 1;
    if (size === 256) {
      size = (((payload[p] ?? 0) << 8) | (payload[p + 1] ?? 0)) + 1;
      p += 2;
    }
    p += size;
    const next = payload[p++];
    if (next === undefined) return [opaque(payload, '', frameType)];
    packetType = next & 15;
  }
  if (kind === 'video' && packetType !== 4 && frameType === 5) {
    return [{ ...opaque(payload, '', frameType), packet: 'command', start: Math.min(p, payload.length) }];
  }
  const isMultitrack = packetType === (kind === 'video' ? VIDEO_MULTITRACK : AUDIO_MULTITRACK);
  let layout = -1;
  if (isMultitrack) {
    const byte = payload[p++] ?? 0;
    layout = byte >> 4;
    packetType = byte & 15;
  }
  let fourCc = '';
  if (layout !== MULTITRACK_MANY_CODECS) {
    fourCc = readFourCc(payload, p);
    p += 4;
  }
  if (p > payload.length || layout > MULTITRACK_MANY_CODECS) return [opaque(payload, fourCc, frameType)];
  if (layout < 0)
    return [body(kind, payload, { trackId: 0, fourCc, packetType, frameType, start: p, end: payload.length })];
  return multitrack(kind, payload, { layout, fourCc, packetType, frameType, start: p });
}

interface Tracks {
  readonly layout: number;
  readonly fourCc: string;
  readonly packetType: number;
  readonly frameType: number;
  readonly start: number;
}

function multitrack(kind: MediaKind, payload: Uint8Array, t: Tracks): MediaBody[] {
  const bodies: MediaBody[] = [];
  let p = t.start;
  while (p < payload.length && bodies.length < MAX_TRACKS) {
    let { fourCc } = t;
    if (t.layout === MULTITRACK_MANY_CODECS) {
      fourCc = readFourCc(payload, p);
      p += 4;
    }
    const trackId = payload[p++];
    if (trackId === undefined) break;
    let end = payload.length;
    if (t.layout !== MULTITRACK_ONE) {
      if (p + 3 > payload.length) break;
      end = p + 3 + ((payload[p]! << 16) | (payload[p + 1]! << 8) | payload[p + 2]!);
      p += 3;
      if (end > payload.length) break;
    }
    bodies.push(
      body(kind, payload, { trackId, fourCc, packetType: t.packetType, frameType: t.frameType, start: p, end }),
    );
    p = end;
  }
  return bodies.length > 0 ? bodies : [opaque(payload, t.fourCc, t.frameType)];
}

interface EnhancedBody {
  readonly trackId: number;
  readonly fourCc: string;
  readonly packetType: number;
  readonly frameType: number;
  readonly start: number;
  readonly end: number;
}

const VIDEO_PACKETS: readonly PacketKind[] = ['config', 'frames', 'end', 'frames', 'metadata', 'config'];
const AUDIO_PACKETS: readonly PacketKind[] = ['config', 'frames', 'end', 'other', 'metadata'];
/** FourCCs whose CodedFrames start with a composition time. */
const WITH_COMPOSITION = new Set(['avc1', 'hvc1', 'vvc1']);

function body(kind: MediaKind, payload: Uint8Array, b: EnhancedBody): MediaBody {
  const packet = (kind === 'video' ? VIDEO_PACKETS : AUDIO_PACKETS)[b.packetType] ?? 'other';
  const composed = kind === 'video' && b.packetType === 1 && WITH_COMPOSITION.has(b.fourCc) && b.start + 3 <= b.end;
  return {
    trackId: b.trackId,
    codec: b.fourCc,
    packet,
    frameType: b.frameType,
    compositionMs: composed ? signed24(payload, b.start) : 0,
    start: composed ? b.start + 3 : b.start,
    end: b.end,
  };
}

function signed24(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8)) >> 8;
}

function readFourCc(bytes: Uint8Array, at: number): string {
  if (at + 4 > bytes.length) return '';
  return String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
}
