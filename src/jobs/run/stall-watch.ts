/** Longest time between two looks that counts, in ms. */
const MOST_AT_ONCE_MS = 1000;

/**
 * Measures how long a run has made no progress. The time of a look counts one second at most: when this process was
 * frozen, or starved of CPU, what the program did meanwhile has not been read yet.
 */
export class StallWatch {
  readonly #stallMs: number;
  #lookedMs: number;
  #silentMs = 0;
  #isExpected = true;

  /** @param stallMs longest time without progress; 0: any */
  constructor(stallMs: number, nowMs: number) {
    this.#stallMs = stallMs;
    this.#lookedMs = nowMs;
  }

  /** Milliseconds without progress that were counted so far. */
  get silentMs(): number {
    return this.#silentMs;
  }

  /** Whether it is watched now. */
  get isWatching(): boolean {
    return this.#isExpected && this.#stallMs > 0;
  }

  /** Switches counting on or off. The time begins anew each time that it is switched on. */
  expect(isExpected: boolean, nowMs: number): void {
    if (isExpected && !this.#isExpected) this.grew(nowMs);
    this.#isExpected = isExpected;
  }

  /** There was progress. */
  grew(nowMs: number): void {
    this.#silentMs = 0;
    this.#lookedMs = nowMs;
  }

  /** Looks at the time. @returns whether the run has stalled */
  look(nowMs: number): boolean {
    if (this.isWatching) this.#silentMs += Math.min(nowMs - this.#lookedMs, MOST_AT_ONCE_MS);
    this.#lookedMs = nowMs;
    return this.isWatching && this.#silentMs >= this.#stallMs;
  }
}
