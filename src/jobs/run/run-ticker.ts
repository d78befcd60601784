import { type Clock, systemClock } from '../../core/clock.js';

/** Time between two ticks, in ms. Deadlines of runs are as exact as that. */
const EVERY_MS = 250;

/** Something that looks at the time now and then. */
export interface Ticking {
  /** @param nowMs monotonic clock */
  tick(nowMs: number): void;
}

/** One timer for all runs. While nothing runs, there is no timer. */
export class RunTicker {
  readonly #clock: Clock;
  readonly #ticking = new Set<Ticking>();
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** The monotonic clock that ticks are told by. */
  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Ticks it from now on, every 250 ms. */
  add(ticking: Ticking): void {
    this.#ticking.add(ticking);
    this.#timer ??= setInterval(() => {
      for (const each of this.#ticking) each.tick(this.nowMs());
    }, EVERY_MS);
  }

  /** Ticks it no more. */
  delete(ticking: Ticking): void {
    this.#ticking.delete(ticking);
    if (this.#ticking.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
