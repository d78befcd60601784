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
  #measured: StreamCounters = NOTHING_CARRIED;
  #measuredMs: number;
  #toldMs: number;

  constructor(nowMs: number) {
    this.#measuredMs = nowMs;
    this.#toldMs = nowMs;
  }

  /** Measures up to a sample. @returns whether enough time has passed since the last measure */
  measure({ atMs, counters }: StreamSample): boolean {
    const elapsedMs = atMs - this.#measuredMs;
    if (elapsedMs < LEAST_MS) return false;
    const before = this.#measured;
    this.kbpsIn = Math.round(((counters.bytes - before.bytes) * 8) / elapsedMs);
    this.kbpsOut = Math.round(((counters.bytesOut - before.bytesOut) * 8) / elapsedMs);
    this.fps = Math.round(((counters.videoFrames - before.videoFrames) * 10_000) / elapsedMs) / 10;
    this.#measured = counters;
    this.#measuredMs = atMs;
    return true;
  }

  /** Whether rates are to be told now; true once for each time. */
  isDue(nowMs: number): boolean {
    if (nowMs - this.#toldMs < TELEMETRY_MS) return false;
    this.#toldMs = nowMs;
    return true;
  }
}
