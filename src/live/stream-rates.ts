import type { StreamCounters, StreamSample } from './access.js';
import { NOTHING_CARRIED } from './nothing.js';

/** Rates over a shorter time would tell of single keyframes. */
const LEAST_MS = 1000;
/** How often rates are told, in ms. */
const TELEMETRY_MS = 5000;

/** The rates of one stream, over about the last second. */
export class StreamRates {
  /** Of media received, in kbit/s. */
  kbpsIn = 0;
  /** Of media sent to players, in kbit/s. */
  kbpsOut = 0;
  fps = 0;
  /** Monotonic. */
  readonly begunMs: number;
  /**
   * How much further the newest media is behind the clock than at the best, in ms; undefined: there was none since the
   * publisher came.
   */
  delayMs: number | undefined;
  /** Media time between the last two keyframes, in ms; undefined before the second. */
  gopMs: number | undefined;
  /** The least time of the clock before that of the newest media, in ms. */
  #leastBehindMs = Number.POSITIVE_INFINITY;
  #measured: StreamCounters = NOTHING_CARRIED;
  #measuredMs: number;
  #toldMs: number;

  constructor(nowMs: number) {
    this.begunMs = nowMs;
    this.#measuredMs = nowMs;
    this.#toldMs = nowMs;
  }

  /** Measures up to a sample. @returns whether enough time has passed since the last measure */
  measure({ atMs, counters, newestTimestamp, gopMs }: StreamSample): boolean {
    const elapsedMs = atMs - this.#measuredMs;
    if (elapsedMs < LEAST_MS) return false;
    const before = this.#measured;
    this.kbpsIn = Math.round(((counters.bytes - before.bytes) * 8) / elapsedMs);
    this.kbpsOut = Math.round(((counters.bytesOut - before.bytesOut) * 8) / elapsedMs);
    this.fps = Math.round(((counters.videoFrames - before.videoFrames) * 10_000) / elapsedMs) / 10;
    this.gopMs = gopMs;
    this.#measured = counters;
    this.#measuredMs = atMs;
    if (newestTimestamp !== undefined) this.#compare(atMs - newestTimestamp);
    return true;
  }

  /** The publisher is back after a gap, in which the media did not go on: that is no delay. */
  resumed(): void {
    this.delayMs = undefined;
    this.#leastBehindMs = Number.POSITIVE_INFINITY;
  }

  #compare(behindMs: number): void {
    this.#leastBehindMs = Math.min(this.#leastBehindMs, behindMs);
    this.delayMs = Math.round(behindMs - this.#leastBehindMs);
  }

  /** Whether rates are to be told now; true once for each time. */
  isDue(nowMs: number): boolean {
    if (nowMs - this.#toldMs < TELEMETRY_MS) return false;
    this.#toldMs = nowMs;
    return true;
  }
}
