import type { Clock } from './clock.js';

/**
 * A time between two readings of the clock that is longer than this was not running time, in ms. Ticks come four times
 * a second.
 */
const LONGEST_GAP_MS = 1000;

/**
 * The clock for deadlines of peers. Its monotonic time stands still while the process could not run (SIGSTOP, a
 * suspended machine, a starved host). Deadlines move by that much, because what peers have sent meanwhile still waits
 * in the kernel and must be read before a peer is judged. The clock has to be read more often than once a second.
 *
 * Leases and the time-outs of NATS use the real clock: for other nodes this one was away.
 */
export class RunningClock implements Clock {
  readonly #clock: Clock;
  #seenMs: number;
  #lostMs = 0;
  #untoldMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#seenMs = clock.monotonicMs();
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  monotonicMs(): number {
    const realMs = this.#clock.monotonicMs();
    const gapMs = realMs - this.#seenMs;
    this.#seenMs = realMs;
    if (gapMs > LONGEST_GAP_MS) {
      this.#lostMs += gapMs;
      this.#untoldMs += gapMs;
    }
    return realMs - this.#lostMs;
  }

  /** How long the process could not run since the last call, in ms; 0 when it always could. */
  takeLostMs(): number {
    const untoldMs = this.#untoldMs;
    this.#untoldMs = 0;
    return untoldMs;
  }
}
