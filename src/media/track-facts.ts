import type { MediaKind, Track } from '../model/track.js';
import { parseAacConfig } from './aac.js';
import { parseAc3Frame } from './ac3.js';
import { parseAv1Config, parseAv1Obus } from './av1.js';
import { parseAvcConfig } from './avc.js';
import { codecFamily } from './codec-family.js';
import { parseHevcConfig } from './hevc.js';
import { describeLegacyAudio } from './legacy-audio.js';
import { LEGACY_VIDEO_CODECS, parseLegacyFrame } from './legacy-video.js';
import { parseMpegAudioFrame } from './mpeg-audio.js';
import { factsInBand } from './nal-units.js';
import { parseFlacConfig, parseOpusHead } from './opus-flac.js';
import { type MediaBody, mediaBodies } from './payload.js';
import type { AudioFacts, VideoFacts } from './track.js';
import { parseVp8Frame, parseVp9Frame, parseVpConfig } from './vpx.js';
import { parseVvcConfig } from './vvc.js';

/** Codecs whose configuration is read here. A configuration that cannot be read counts as missing. */
const READABLE_VIDEO = new Set(['avc1', 'hvc1', 'vvc1', 'av01', 'vp08', 'vp09']);
const KEYFRAME = 1;
/** Codec strings of FourCCs until a configuration says more. */
const PLAIN_VIDEO = new Set(['avc1', 'hvc1', 'vvc1', 'av01', 'vp08', 'vp09']);
const PLAIN_AUDIO: Readonly<Record<string, string>> = {
  mp4a: 'mp4a.40.2',
  Opus: 'opus',
  fLaC: 'flac',
  'ac-3': 'ac-3',
  'ec-3': 'ec-3',
  '.mp3': 'mp4a.40.34',
};

/**
 * Facts of every track that a sequence header configures.
 *
 * @param kind audio (message type 8) or video (message type 9)
 * @param payload a whole message, borrowed
 * @returns one track per configured track of the message; empty when the message is not a sequence header. An empty
 *   configuration, and one that cannot be read, configures nothing
 */
export function trackFactsFromConfig(kind: MediaKind, payload: Uint8Array): Track[] {
  return facts(kind, payload, 'config').map(({ nominalFps: _, nalLengthBytes: __, ...track }) => track);
}

/**
 * Facts that a coded frame shows by itself: for codecs without a sequence header (MP3, AC-3, Speex, H.263, VP6 …) and
 * for those whose header has no size (VP8, VP9). Sizes come with key frames only.
 *
 * @param kind audio (message type 8) or video (message type 9)
 * @param payload a whole message or its beginning, borrowed
 * @param nalLengthBytes of the configuration of AVC or HEVC frames, whose parameter sets may stand in the frames
 * @returns one track per track of the message; empty when the message carries no frames
 */
export function trackFactsFromFrame(kind: MediaKind, payload: Uint8Array, nalLengthBytes = 4): ConfigFacts[] {
  return facts(kind, payload, 'frames', nalLengthBytes);
}

/**
 * The codec that a sequence header configures, by {@link codecFamily}'s name; `undefined` when no track of the message
 * is configured: it is no header, or its records are empty or cannot be read.
 */
export function configuredCodec(kind: MediaKind, payload: Uint8Array): string | undefined {
  for (const body of mediaBodies(kind, payload)) {
    // Opus may be configured by an empty record, with which late joiners lose nothing.
    if (body.packet !== 'config' || body.end <= body.start) continue;
    const record = payload.subarray(body.start, body.end);
    const read = kind === 'video' ? videoConfig(body.codec, record) : audioConfig(body.codec, record);
    if (read !== undefined) return codecFamily(kind, body.codec);
  }
  return undefined;
}

/**
 * Like {@link trackFactsFromConfig}, for one video sequence header.
 *
 * @returns the first track's facts without its id; `undefined` when it is not a sequence header
 */
export function parseVideoConfig(payload: Uint8Array): VideoFacts | undefined {
  const body = mediaBodies('video', payload)[0];
  return body?.packet === 'config' ? videoConfig(body.codec, payload.subarray(body.start, body.end)) : undefined;
}

/**
 * Like {@link trackFactsFromConfig}, for one audio sequence header.
 *
 * @returns the first track's facts without its id; `undefined` when it is not a sequence header
 */
export function parseAudioConfig(payload: Uint8Array): AudioFacts | undefined {
  const body = mediaBodies('audio', payload)[0];
  return body?.packet === 'config' ? audioConfig(body.codec, payload.subarray(body.start, body.end)) : undefined;
}

/** A track as its header describes it, with what {@link Track} leaves out. */
export type ConfigFacts = Track & Pick<VideoFacts, 'nominalFps' | 'nalLengthBytes'>;

/** Like {@link trackFactsFromConfig}, with the nominal frame rate beside the fixed one. */
export function configFacts(kind: MediaKind, payload: Uint8Array): ConfigFacts[] {
  return facts(kind, payload, 'config');
}

function facts(kind: MediaKind, payload: Uint8Array, packet: MediaBody['packet'], nalLengthBytes = 4): ConfigFacts[] {
  const tracks: ConfigFacts[] = [];
  for (const body of mediaBodies(kind, payload)) {
    if (body.packet !== packet) continue;
    const bytes = payload.subarray(body.start, body.end);
    const read =
      packet === 'config'
        ? (kind === 'video' ? videoConfig : audioConfig)(body.codec, bytes)
        : frame(kind, body, payload, nalLengthBytes);
    if (read !== undefined) tracks.push({ id: body.trackId, ...read });
  }
  return tracks;
}

function frame(
  kind: MediaKind,
  body: MediaBody,
  payload: Uint8Array,
  nalLengthBytes: number,
): VideoFacts | AudioFacts | undefined {
  const bytes = payload.subarray(body.start, body.end);
  return kind === 'video' ? videoFrame(body, bytes, nalLengthBytes) : audioFrame(body.codec, bytes, payload[0]!);
}

function videoName(codec: string | number): string | undefined {
  if (typeof codec === 'number') return LEGACY_VIDEO_CODECS[codec];
  return PLAIN_VIDEO.has(codec) ? codec : printable(codec);
}

function audioName(codec: string): string | undefined {
  return PLAIN_AUDIO[codec] ?? printable(codec);
}

/** A FourCC that is not known here is shown as it is, when it is printable. */
function printable(fourCc: string): string | undefined {
  return /^[\x21-\x7e]{1,4}$/.test(fourCc.trim()) ? fourCc.trim() : undefined;
}

function videoConfig(codec: string | number, record: Uint8Array): VideoFacts | undefined {
  const name = videoName(codec);
  if (name === undefined || record.length === 0) return undefined;
  return READABLE_VIDEO.has(name) ? readVideoRecord(name, record) : { kind: 'video', codec: name };
}

function readVideoRecord(name: string, record: Uint8Array): VideoFacts | undefined {
  switch (name) {
    case 'avc1':
      return parseAvcConfig(record);
    case 'hvc1':
      return parseHevcConfig(record);
    case 'av01':
      return parseAv1Config(record);
    case 'vvc1':
      return parseVvcConfig(record);
    case 'vp08':
    case 'vp09':
      return parseVpConfig(name, record);
    default:
      return undefined;
  }
}

function videoFrame(
  { codec, frameType }: MediaBody,
  bytes: Uint8Array,
  nalLengthBytes: number,
): VideoFacts | undefined {
  const name = videoName(codec);
  if (name === undefined) return undefined;
  const base: VideoFacts = { kind: 'video', codec: name };
  if (typeof codec === 'number' && codec < 7) return { ...base, ...parseLegacyFrame(codec, bytes) };
  if (name === 'vp08') return { ...base, ...parseVp8Frame(bytes) };
  if (name === 'vp09') return { ...base, ...parseVp9Frame(bytes) };
  if (name === 'av01') return { ...base, ...parseAv1Obus(bytes) };
  if ((name === 'avc1' || name === 'hvc1') && frameType === KEYFRAME)
    return { ...base, ...factsInBand(name, bytes, nalLengthBytes) };
  return base;
}

function audioConfig(codec: string | number, config: Uint8Array): AudioFacts | undefined {
  if (codec === 10 || codec === 'mp4a') return parseAacConfig(config);
  if (codec === 'Opus') return parseOpusHead(config);
  if (codec === 'fLaC') return parseFlacConfig(config);
  const name = typeof codec === 'string' ? audioName(codec) : undefined;
  return name === undefined || config.length === 0 ? undefined : { kind: 'audio', codec: name };
}

function audioFrame(codec: string | number, bytes: Uint8Array, firstByte: number): AudioFacts | undefined {
  if (codec === 2 || codec === 14 || codec === '.mp3') {
    const read = parseMpegAudioFrame(bytes);
    if (read !== undefined) return read;
  }
  if (typeof codec === 'number') return describeLegacyAudio(firstByte);
  if (codec === 'ac-3' || codec === 'ec-3') {
    const read = parseAc3Frame(bytes);
    if (read !== undefined) return read;
  }
  if (codec === 'Opus') return parseOpusHead(new Uint8Array());
  const name = audioName(codec);
  return name === undefined ? undefined : { kind: 'audio', codec: name };
}
