/**
 * Lets requests wait without a timer for each: one whose time has come goes on at the next tick, in the order of the
 * times.
 */
export class WaitingRoom {
  #waiting: { readonly dueMs: number; readonly go: () => void }[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  /** @param dueMs monotonic @returns resolves at the first {@link tick} at `dueMs` or later */
  until(dueMs: number): Promise<void> {
    return new Promise((go) => this.#waiting.push({ dueMs, go }));
  }

  /** Call it a few times a second. @param nowMs monotonic */
  tick(nowMs: number): void {
    if (this.#waiting.length === 0) return;
    const due = this.#waiting.filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter(({ dueMs }) => dueMs > nowMs);
    for (const { go } of due) go();
  }
}
