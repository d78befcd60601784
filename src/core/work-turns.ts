/** How long the pieces of all who ask may begin, in ms, and how long none begins after that. */
const WORK_MS = 4;
const REST_MS = 8;

/** Calls `work` after `ms`. */
type Later = (work: () => void, ms: number) => void;

/**
 * Keeps work that many clients ask for at once, in pieces, from owning the event loop: the pieces of all of them begin
 * within four milliseconds, and then none for eight. However much is asked for, it has a third of the time, and holds
 * nobody else up for long.
 */
export class WorkTurns {
  readonly #nowMs: () => number;
  readonly #later: Later;
  /** When the first piece after the last rest began. */
  #beganMs = Number.NEGATIVE_INFINITY;
  readonly #waiting: (() => void)[] = [];
  /** Whether {@link #handOut} will be called. */
  #handsOut = false;

  /** @param nowMs monotonic */
  constructor(nowMs: () => number = () => performance.now(), later: Later = setTimeout) {
    this.#nowMs = nowMs;
    this.#later = later;
  }

  /**
   * Resolves when a piece may begin: at once while it is time for work and nobody waits, else later, in the order of
   * asking.
   */
  async mine(): Promise<void> {
    if (this.#waiting.length === 0 && this.#restMs() <= 0) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#handsOut) this.#handOut();
    });
  }

  /** How long no piece may begin, in ms. At or below 0 one may, and begins the time for work when the rest is over. */
  #restMs(): number {
    const nowMs = this.#nowMs();
    const sinceMs = nowMs - this.#beganMs;
    if (sinceMs < WORK_MS) return 0;
    if (sinceMs < WORK_MS + REST_MS) return WORK_MS + REST_MS - sinceMs;
    this.#beganMs = nowMs;
    return 0;
  }

  #handOut(): void {
    this.#handsOut = this.#waiting.length > 0;
    if (!this.#handsOut) return;
    const restMs = this.#restMs();
    if (restMs > 0) {
      this.#later(() => this.#handOut(), Math.max(1, restMs));
      return;
    }
    this.#waiting.shift()!();
    // That piece is done, and everything else has had its turn, when the clock is looked at again.
    setImmediate(() => this.#handOut());
  }
}
