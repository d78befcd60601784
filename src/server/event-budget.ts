/** Events of one kind that a publisher can cause: so many at once, so many a second. */
const BURST = 50;
const PER_SECOND = 20;

/**
 * Bounds the events that a publisher's own data or ever-changing headers make: players get all of it, the journal does not fill
 * with it. What is over the budget is counted (`sluice_stream_events_suppressed_total`).
 */
export class EventBudget {
  /** Events that were not told. */
  suppressed = 0;
  #tokens = BURST;
  #atMs: number;

  /** @param nowMs monotonic */
  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** Takes one event out of the budget; false when there is none left. */
  take(nowMs: number): boolean {
    this.#tokens = Math.min(BURST, this.#tokens + ((nowMs - this.#atMs) * PER_SECOND) / 1000);
    this.#atMs = nowMs;
    if (this.#tokens < 1) {
      this.suppressed++;
      return false;
    }
    this.#tokens--;
    return true;
  }
}
