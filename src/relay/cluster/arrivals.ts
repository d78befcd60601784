/** A play that is being decided. */
interface Arrival {
  readonly dueMs: number;
  readonly go: () => void;
}

/** Plays that wait for a stream before they are answered. */
export class Arrivals {
  readonly #waiting = new Set<Arrival>();

  get size(): number {
    return this.#waiting.size;
  }

  /** @param dueMs monotonic @returns resolves when the stream is here, or the play has waited until `dueMs` */
  until(dueMs: number): Promise<void> {
    return new Promise((go) => this.#waiting.add({ dueMs, go }));
  }

  /** The stream is here, or is known not to come. */
  all(): void {
    this.tick(Number.POSITIVE_INFINITY);
  }

  tick(nowMs: number): void {
    for (const arrival of this.#waiting) {
      if (nowMs < arrival.dueMs) continue;
      this.#waiting.delete(arrival);
      arrival.go();
    }
  }
}
