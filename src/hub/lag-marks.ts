/** How often the head of the log is noted. */
const MARK_EVERY_MS = 500;

/**
 * Notes the head of a log every half second, and so knows which part of it has become older than a player may lag in
 * time.
 */
export class LagMarks {
  readonly #maxLagMs: number;
  readonly #marks: { readonly atMs: number; readonly position: number }[] = [];
  #dueMs = 0;
  #staleBefore = 0;

  constructor(maxLagMs: number) {
    this.#maxLagMs = maxLagMs;
  }

  /** Positions before this are older than a player may lag. */
  get staleBefore(): number {
    return this.#staleBefore;
  }

  /** Notes that everything before `head` came before now. */
  note(head: number, nowMs: number): void {
    if (nowMs < this.#dueMs) return;
    this.#dueMs = nowMs + MARK_EVERY_MS;
    this.#marks.push({ atMs: nowMs, position: head });
    while (this.#marks.length > 1 && nowMs - this.#marks[0].atMs >= this.#maxLagMs) {
      this.#staleBefore = this.#marks.shift()!.position;
    }
  }
}
