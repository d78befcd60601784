import type { ErrorCode } from '../core/errors.js';
import type { StreamLimits } from '../model/grant.js';
import type { Track } from '../model/track.js';
import type { StreamSample } from './access.js';
import { RateWindow } from './rate-window.js';

/** A limit that a stream is past. */
interface LimitExcess {
  readonly code: ErrorCode;
  /** What was found and what is allowed, for the publisher and the log; free of secrets. */
  readonly text: string;
}

/** A publisher may send faster at first: encoders and relays begin with a GOP that they hold already. */
const FREE_MS = 10_000;
/** Measured values may be so much past their limit: no encoder keeps them exactly. */
const SLACK = 1.1;

/**
 * Compares one stream with its limits. A sustained excess is found within 6 s: from its beginning, from the end of the
 * free time of 10 s, or from the moment at which the limit was set. A stream at its limits never is found.
 */
export class LimitCheck {
  #limits: StreamLimits;
  readonly #startedMs: number;
  /** Payload bytes. */
  readonly #bytes: RateWindow;
  /** Video frames of all tracks. */
  readonly #frames: RateWindow;

  /** @param startedMs monotonic time at which the stream began */
  constructor(limits: StreamLimits, startedMs: number) {
    this.#limits = limits;
    this.#startedMs = startedMs;
    this.#bytes = new RateWindow(bytesAMs(limits), startedMs + FREE_MS);
    this.#frames = new RateWindow(framesAMs(limits), startedMs + FREE_MS);
  }

  get limits(): StreamLimits {
    return this.#limits;
  }

  /**
   * Replaces the limits. A changed rate is measured from now on, so that the publisher has 5 s to follow a lower one.
   */
  set limits(limits: StreamLimits) {
    this.#limits = limits;
    this.#bytes.allow(bytesAMs(limits));
    this.#frames.allow(framesAMs(limits));
  }

  /** Compares what a sample measured; undefined: nothing is past its limit. */
  ofSample({ atMs, isHeld, counters, tracks, gopMs, openGopMs }: StreamSample): LimitExcess | undefined {
    if (isHeld) {
      this.#bytes.restart(atMs + FREE_MS);
      this.#frames.restart(atMs + FREE_MS);
      return this.#ofDuration(atMs);
    }
    this.#bytes.take(atMs, counters.payloadBytes);
    this.#frames.take(atMs, counters.videoFrames);
    return (
      this.#ofDuration(atMs) ??
      ofTracks(this.#limits, tracks) ??
      this.#ofGop(Math.max(gopMs ?? 0, openGopMs ?? 0)) ??
      this.#ofRates(tracks)
    );
  }

  #ofDuration(nowMs: number): LimitExcess | undefined {
    const { durationMs } = this.#limits;
    if (durationMs === undefined || nowMs - this.#startedMs < durationMs) return undefined;
    return { code: 'ERR_LIMIT_DURATION', text: `${seconds(durationMs)} are allowed` };
  }

  #ofGop(gopMs: number): LimitExcess | undefined {
    const { maxGopMs } = this.#limits;
    if (maxGopMs === undefined || gopMs <= maxGopMs * SLACK) return undefined;
    return { code: 'ERR_LIMIT_GOP', text: `${seconds(gopMs)} without a keyframe; ${seconds(maxGopMs)} are allowed` };
  }

  #ofRates(tracks: readonly Track[]): LimitExcess | undefined {
    const { kbps, fps } = this.#limits;
    const kbpsNow = this.#bytes.mean * 8;
    if (kbps !== undefined && kbpsNow > kbps * SLACK)
      return { code: 'ERR_LIMIT_KBPS', text: `${Math.round(kbpsNow)} kbit/s; ${kbps} are allowed` };
    if (fps === undefined) return undefined;
    // The fastest track has at least the mean. It is found here before its own rate is known, which takes two GOPs.
    const videoTracks = tracks.reduce((sum, { kind }) => sum + (kind === 'video' ? 1 : 0), 0);
    const fpsNow = (this.#frames.mean * 1000) / Math.max(videoTracks, 1);
    return fpsNow > fps * SLACK ? tooFast(fpsNow, fps) : undefined;
  }
}

/** What `kbps` allows in bytes a ms. */
function bytesAMs({ kbps = 0 }: StreamLimits): number {
  return kbps / 8;
}

/** What `fps` allows of one track, in frames a ms. */
function framesAMs({ fps = 0 }: StreamLimits): number {
  return fps / 1000;
}

/**
 * Compares the facts of tracks with limits: their number, codecs, sizes and frame rates.
 *
 * @returns the first excess; undefined when there is none
 */
export function ofTracks(limits: StreamLimits, tracks: readonly Track[]): LimitExcess | undefined {
  if (limits.tracks !== undefined && tracks.length > limits.tracks)
    return { code: 'ERR_LIMIT_TRACKS', text: `${tracks.length} tracks; ${limits.tracks} are allowed` };
  for (const track of tracks) {
    const excess = ofCodec(limits, track) ?? ofSize(limits, track);
    if (excess !== undefined) return excess;
    const { fps } = track;
    if (limits.fps !== undefined && fps !== undefined && fps > limits.fps * SLACK) return tooFast(fps, limits.fps);
  }
  return undefined;
}

function ofCodec({ codecs }: StreamLimits, { codec }: Track): LimitExcess | undefined {
  const lower = codec.toLowerCase();
  if (codecs === undefined || codecs.some((prefix) => lower.startsWith(prefix.toLowerCase()))) return undefined;
  return { code: 'ERR_LIMIT_CODEC', text: `${codec}; ${codecs.join(', ') || 'none'} are allowed` };
}

function ofSize(limits: StreamLimits, { width = 0, height = 0 }: Track): LimitExcess | undefined {
  const { width: mostWidth = Number.POSITIVE_INFINITY, height: mostHeight = Number.POSITIVE_INFINITY } = limits;
  if (width <= mostWidth && height <= mostHeight) return undefined;
  const allowed = [
    ...(limits.width === undefined ? [] : [`a width of ${mostWidth}`]),
    ...(limits.height === undefined ? [] : [`a height of ${mostHeight}`]),
  ];
  return { code: 'ERR_LIMIT_SIZE', text: `${width}x${height}; ${allowed.join(' and ')} is allowed` };
}

function tooFast(fps: number, allowed: number): LimitExcess {
  return { code: 'ERR_LIMIT_FPS', text: `${Math.round(fps * 100) / 100} frames a second; ${allowed} are allowed` };
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
