import type { Clock } from '../core/clock.js';

/** Measures for how long a server has not answered. */
export class SilenceTimer {
  readonly #clock: Clock;
  readonly #mostMs: number;
  #sinceMs: number | undefined;

  /** @param mostMs the time without an answer that is too long, in ms */
  constructor(clock: Clock, mostMs: number) {
    this.#clock = clock;
    this.#mostMs = mostMs;
  }

  /**
   * Notes that one more request had no answer. @returns whether that lasts too long; then the measurement begins again
   */
  lasts(): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#sinceMs ??= nowMs;
    if (nowMs - this.#sinceMs < this.#mostMs) return false;
    this.#sinceMs = undefined;
    return true;
  }

  /** Notes that the server has answered, or that it is another one now. */
  reset(): void {
    this.#sinceMs = undefined;
  }
}
