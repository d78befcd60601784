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

/** Larger pictures come from damaged headers. 16384 is the most that AVC level 6.2 and AV1 level 6.3 allow. */
const MAX_PICTURE_SIDE = 16384;

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
