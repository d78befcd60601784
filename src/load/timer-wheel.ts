/** Something that is called at times of its own choosing. */
export interface Timed {
  /**
   * @param nowMs the wheel's clock
   * @returns when to be called next, on the same clock; `undefined` for never
   */
  due(nowMs: number): number | undefined;
}

const SLOTS = 512;

/**
 * One timer for thousands of paced connections. What is due within the same tick is called together. Precision is one
 * tick; what is due later than the wheel reaches (512 ticks) is checked once a turn.
 */
export class TimerWheel {
  readonly #slots: { at: number; what: Timed }[][] = Array.from({ length: SLOTS }, () => []);
  readonly #tickMs: number;
  /** The next tick to be handled. */
  #tick: number;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param tickMs length of a tick
   * @param nowMs the clock at the start
   */
  constructor(tickMs: number, nowMs: number) {
    this.#tickMs = tickMs;
    this.#tick = Math.floor(nowMs / tickMs);
  }

  /** Calls {@link TimerWheel.advance} every tick until {@link TimerWheel.stop}. */
  start(): void {
    this.#timer ??= setInterval(() => this.advance(performance.now()), this.#tickMs);
  }

  /** Stops the timer and forgets everything. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const slot of this.#slots) slot.length = 0;
  }

  /** @param atMs when to call; a time that has passed means the next tick */
  add(what: Timed, atMs: number): void {
    const tick = Math.max(this.#tick, Math.floor(atMs / this.#tickMs));
    this.#slots[Math.min(tick, this.#tick + SLOTS - 1) % SLOTS]!.push({ at: atMs, what });
  }

  /** Calls everything that is due by `nowMs`, also when ticks were missed. */
  advance(nowMs: number): void {
    const until = Math.floor(nowMs / this.#tickMs);
    // After a stall longer than a turn, each slot needs only one visit.
    if (until - this.#tick >= SLOTS) this.#tick = until - SLOTS + 1;
    while (this.#tick <= until) {
      const index = this.#tick % SLOTS;
      const slot = this.#slots[index]!;
      this.#slots[index] = [];
      this.#tick++;
      for (const entry of slot) {
        const next = entry.at <= nowMs ? entry.what.due(nowMs) : entry.at;
        if (next !== undefined) this.add(entry.what, next);
      }
    }
  }
}
