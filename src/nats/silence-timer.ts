import type { Clock } from '../core/clock.js';

/** Measures how long a server has been asked in vain. */
export class SilenceTimer {
  readonly #clock: Clock;
  readonly #mostMs: number;
  #sinceMs: number | undefined;

  /** @param mostMs how long is too long, milliseconds */
  constructor(clock: Clock, mostMs: number) {
    this.#clock = clock;
    this.#mostMs = mostMs;
  }

  /** Notes that one more question was in vain. @returns whether it has been too long; then it is measured anew */
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
