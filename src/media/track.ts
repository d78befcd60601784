/** What kind of media a message carries: message type 8 is audio, 9 is video. */
export type MediaKind = 'audio' | 'video';

/**
 * The facts of one track, as events and the API show them. Absent means not known (yet), never zero.
 */
export interface Track {
  /** 0 is the default track; 1 to 255 are Enhanced RTMP multitrack ids. */
  readonly id: number;
  readonly kind: MediaKind;
  /** RFC 6381 codec string where one exists (`avc1.64001f`, `mp4a.40.2`), otherwise the codec's plain name (`flv1`, `speex`). */
  readonly codec: string;
  /** Displayed width in pixels, after cropping. */
  readonly width?: number;
  /** Displayed height in pixels, after cropping. */
  readonly height?: number;
  /** Frames per second as measured. */
  readonly fps?: number;
  /** Frames per second as `onMetaData` claims, else as the header states. */
  readonly declaredFps?: number;
  /** Output sample rate in Hz (after SBR; always 48000 for Opus). */
  readonly sampleRate?: number;
  /** Output channels, LFE included. */
  readonly channels?: number;
  /** Bit rate of the payload in kbit/s as measured. */
  readonly kbps?: number;
  /** Bit rate in kbit/s as `onMetaData` claims. */
  readonly declaredKbps?: number;
}

/** Facts of a video track without its id. */
export interface VideoFacts {
  readonly kind: 'video';
  readonly codec: string;
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  /** A rate that the header states without promising that every frame keeps it: x264 without `force-cfr`. */
  readonly nominalFps?: number;
  /** AVC and HEVC: bytes of the length before each NAL unit of a frame. */
  readonly nalLengthBytes?: number;
}

/** Facts of an audio track without its id. */
export interface AudioFacts {
  readonly kind: 'audio';
  readonly codec: string;
  readonly sampleRate?: number;
  readonly channels?: number;
}

/** Width and height in pixels; both are at least 1. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pictures wider or higher than this are taken for damaged headers. 16384 is the most that AVC level 6.2 and AV1 level 6.3 allow. */
export const MAX_PICTURE_SIDE = 16384;

/**
 * Accepts a size only when both sides are whole numbers from 1 to {@link MAX_PICTURE_SIDE}.
 *
 * @returns the size, or `undefined` when it cannot be one
 */
export function checkedSize(width: number, height: number): Size | undefined {
  const ok = (side: number): boolean => Number.isInteger(side) && side >= 1 && side <= MAX_PICTURE_SIDE;
  return ok(width) && ok(height) ? { width, height } : undefined;
}

/**
 * Accepts a frame rate from 1/10 to 1000 frames per second, rounded to three places.
 *
 * @returns frames per second, or `undefined` when it cannot be one
 */
export function checkedFps(fps: number): number | undefined {
  return fps >= 0.1 && fps <= 1000 ? Math.round(fps * 1000) / 1000 : undefined;
}
