import { checkedFps } from './track.js';

/** Rates that cameras and encoders use; the estimate snaps to one when the timestamps allow it. */
const COMMON_RATES = [
  5,
  6,
  7.5,
  8,
  10,
  12,
  12.5,
  15000 / 1001,
  15,
  20,
  24000 / 1001,
  24,
  25,
  30000 / 1001,
  30,
  48,
  50,
  60000 / 1001,
  60,
  90,
  100,
  120000 / 1001,
  120,
  144,
  240,
];
/** Timestamps are whole ms: a steady stream strays from its ideal grid by less than 1 ms; a little more for float error. */
const STEADY_SPREAD_MS = 1.05;
/** A stream that strays more (cameras, mobile encoders) gets the nearest common rate within this share, else its average. */
const NEAR = 0.02;
const MIN_FRAMES = 10;

/**
 * Estimates a video track's frame rate from the decoding timestamps of its first frames, for streams whose headers do not state one.
 * Holds at most `frames` numbers.
 */
export class FpsEstimator {
  readonly #wanted: number;
  readonly #times: number[] = [];

  /** @param frames timestamps to collect before {@link FpsEstimator.done}; default 30 */
  constructor(frames = 30) {
    this.#wanted = Math.max(frames, MIN_FRAMES);
  }

  /** Whether enough frames were seen; later ones change nothing. */
  get done(): boolean {
    return this.#times.length >= this.#wanted;
  }

  /**
   * @param timestampMs decoding timestamp of a frame as a 32-bit unsigned RTMP timestamp or an unwrapped one; one that is not later
   *   than the last, or is 10 s later, starts the collection afresh
   */
  push(timestampMs: number): void {
    if (this.done) return;
    const last = this.#times.at(-1);
    if (last !== undefined && (timestampMs <= last || timestampMs - last > 10_000)) this.#times.length = 0;
    this.#times.push(timestampMs);
  }

  /** Frames per second; `undefined` before 10 frames, or when they show no rate. */
  estimate(): number | undefined {
    const times = this.#times;
    if (times.length < MIN_FRAMES) return undefined;
    const average = ((times.length - 1) * 1000) / (times.at(-1)! - times[0]!);
    let best: { rate: number; spread: number } | undefined;
    let near: number | undefined;
    for (const rate of COMMON_RATES) {
      const off = Math.abs(rate / average - 1);
      if (off > NEAR) continue;
      const spread = spreadAround(times, 1000 / rate);
      if (best === undefined || spread < best.spread) best = { rate, spread };
      if (near === undefined || off < Math.abs(near / average - 1)) near = rate;
    }
    if (best !== undefined && best.spread <= STEADY_SPREAD_MS) return checkedFps(best.rate);
    return checkedFps(near ?? Math.round(average * 100) / 100);
  }
}

/** How far the times stray from an evenly spaced grid: largest minus smallest offset, in ms. */
function spreadAround(times: readonly number[], periodMs: number): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < times.length; i++) {
    const offset = times[i]! - times[0]! - i * periodMs;
    low = Math.min(low, offset);
    high = Math.max(high, offset);
  }
  return high - low;
}
