import type { Clock } from './clock.js';

/**
 * A stretch between two looks at the clock that is longer than this was no running time, in ms. Ticks come four times a
 * second.
 */
const LONGEST_GAP_MS = 1000;

/**
 * The clock for what peers owe: its monotonic time stands still while the process could not run (SIGSTOP, a suspended
 * machine, a starved host). Deadlines move by that much, for what peers have sent meanwhile still waits in the kernel
 * and must be read before anybody is judged. It has to be looked at more often than once a second.
 *
 * Leases and the time-outs of NATS go by the real clock: for other nodes this one was away.
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

  /** For how long the process could not run since this was last asked, in ms; 0 when it always could. */
  takeLostMs(): number {
    const untoldMs = this.#untoldMs;
    this.#untoldMs = 0;
    return untoldMs;
  }
}
