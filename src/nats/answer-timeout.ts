/**
 * How long an answer of the server is waited for: as configured, and longer once answers have come that took longer, so
 * that a way that has become slow is told from a server that is silent. Silence teaches nothing and is noticed as soon
 * as ever.
 */
export class AnswerTimeout {
  /** The longest wait for a plain question, milliseconds. */
  readonly mostMs: number;
  readonly #leastMs: number;
  #ms: number;

  /** @param leastMs the wait to begin with, and the shortest; @param mostMs the longest; milliseconds */
  constructor(leastMs: number, mostMs: number) {
    this.#leastMs = leastMs;
    this.mostMs = Math.max(leastMs, mostMs);
    this.#ms = leastMs;
  }

  /** The wait, milliseconds. */
  get ms(): number {
    return this.#ms;
  }

  /** Notes that an answer, awaited or late, came after `ms` milliseconds. */
  took(ms: number): void {
    // Up at once and down bit by bit: between slow answers there are quick ones.
    this.#ms = Math.min(this.mostMs, Math.max(this.#leastMs, ms * 1.5, this.#ms * 0.98));
  }

  /** Another connection: what the last one was like says nothing. */
  reset(): void {
    this.#ms = this.#leastMs;
  }
}
