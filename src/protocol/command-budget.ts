/** A token bucket: `perSecond` commands at once, refilled at the same rate. */
export class CommandBudget {
  readonly #perSecond: number;
  #tokens: number;
  #lastMs: number;

  /** @param perSecond at least 1 */
  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#lastMs = nowMs;
  }

  /** Takes one token; `false` when none is left. A clock that steps back refills nothing. */
  take(nowMs: number): boolean {
    const elapsed = Math.max(0, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (elapsed * this.#perSecond) / 1000);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
