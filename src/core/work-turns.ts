/** Pieces of work may begin for this long, in ms. After that none begins for {@link REST_MS}. */
const WORK_MS = 4;
const REST_MS = 8;

/** Calls `work` after `ms`. */
type Later = (work: () => void, ms: number) => void;

/**
 * Divides work that many clients ask for at once into pieces, so that it does not occupy the event loop. The pieces of
 * all clients together begin within four milliseconds; then none begins for eight. However much is asked for, it takes
 * a third of the time.
 */
export class WorkTurns {
  readonly #nowMs: () => number;
  readonly #later: Later;
  /** When the first piece after the last rest began. */
  #beganMs = Number.NEGATIVE_INFINITY;
  readonly #waiting: (() => void)[] = [];
  /** Whether {@link #handOut} is scheduled. */
  #handsOut = false;

  /** @param nowMs monotonic */
  constructor(nowMs: () => number = () => performance.now(), later: Later = setTimeout) {
    this.#nowMs = nowMs;
    this.#later = later;
  }

  /**
   * Resolves when a piece may begin: at once while pieces may begin and no other client waits, else later, in the order
   * of asking.
   */
  async mine(): Promise<void> {
    if (this.#waiting.length === 0 && this.#restMs() <= 0) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#handsOut) this.#handOut();
    });
  }

  /**
   * How long no piece may begin, in ms. At 0 or less one may begin; when the rest is over, it starts a new working
   * time.
   */
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
    // The clock is read again when this piece is done and everything else has had its turn.
    setImmediate(() => this.#handOut());
  }
}
