import { FlvTagType } from './flv-format.js';

/** Bytes of a tag body that {@link videoKind} and {@link headerKey} look at. */
export const KIND_BYTES = 8;

/** The marks of an Enhanced RTMP video header and of its packet types (Enhanced RTMP v2, ExVideoTagHeader). */
const EX_VIDEO = 0x80;
const EX_AUDIO_FORMAT = 9;
const SEQUENCE_START = 0;
const CODED_FRAMES = 1;
const CODED_FRAMES_X = 3;
const VIDEO_MULTITRACK = 6;
const AUDIO_MULTITRACK = 5;
const AVC = 7;
const HEVC_LEGACY = 12;
const AAC = 10;
const KEYFRAME = 1;

/** A video body that starts a GOP, one that only configures the decoder, or any other one. */
type VideoKind = 'keyframe' | 'header' | 'other';

/** Says what a video tag is. @param body its first {@link KIND_BYTES} bytes, or fewer where it has no more */
export function videoKind(body: Uint8Array): VideoKind {
  const [first = 0, second = 0] = body;
  const isKey = ((first >> 4) & 7) === KEYFRAME;
  if ((first & EX_VIDEO) === 0) {
    const codec = first & 15;
    const hasPacketType = codec === AVC || codec === HEVC_LEGACY;
    if (hasPacketType && second === 0) return 'header';
    return isKey && (!hasPacketType || second === 1) ? 'keyframe' : 'other';
  }
  const outer = first & 15;
  const packetType = outer === VIDEO_MULTITRACK ? second & 15 : outer;
  if (packetType === SEQUENCE_START) return 'header';
  return isKey && (packetType === CODED_FRAMES || packetType === CODED_FRAMES_X) ? 'keyframe' : 'other';
}

/**
 * The decoder configuration that a tag holds, as a key: a later tag of the same key replaces it. Undefined for tags
 * that configure nothing.
 *
 * @param body its first {@link KIND_BYTES} bytes, or fewer where it has no more
 */
export function headerKey(type: number, body: Uint8Array): string | undefined {
  const [first = 0, second = 0] = body;
  if (type === FlvTagType.Video) {
    if (videoKind(body) !== 'header') return undefined;
    const isMultitrack = (first & EX_VIDEO) !== 0 && (first & 15) === VIDEO_MULTITRACK;
    return isMultitrack ? `video ${body[6] ?? 0}` : 'video 0';
  }
  if (type !== FlvTagType.Audio) return undefined;
  const format = first >> 4;
  if (format === AAC) return second === 0 ? 'audio 0' : undefined;
  if (format !== EX_AUDIO_FORMAT) return undefined;
  const outer = first & 15;
  if (outer !== AUDIO_MULTITRACK) return outer === SEQUENCE_START ? 'audio 0' : undefined;
  return (second & 15) === SEQUENCE_START ? `audio ${body[6] ?? 0}` : undefined;
}
