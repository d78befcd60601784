/**
 * How long an answer of the server is waited for: as configured, and longer once answers have taken longer, so that a
 * network that has become slow is told apart from a server that does not answer. A missing answer does not lengthen the
 * time-out.
 */
export class AnswerTimeout {
  /** The longest wait for a plain request, in ms. */
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
    // It rises at once and falls step by step, because some answers between slow ones are quick.
    this.#ms = Math.min(this.mostMs, Math.max(this.#leastMs, ms * 1.5, this.#ms * 0.98));
  }

  /** There is another connection, and the time-out begins again: the last one says nothing about it. */
  reset(): void {
    this.#ms = this.#leastMs;
  }
}
