/** Callers that wait until single events of the journal are committed. */
export class CommitWaits {
  readonly #waits = new Map<number, (() => void)[]>();

  /**
   * @param sequence position of the event
   * @param isOpen whether it is not committed yet
   * @returns resolves when it is; there is no limit of time
   */
  until(sequence: number, isOpen: boolean): Promise<void> {
    if (!isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      const waits = this.#waits.get(sequence) ?? [];
      waits.push(resolve);
      this.#waits.set(sequence, waits);
    });
  }

  /** The event is committed. */
  settled(sequence: number): void {
    const waits = this.#waits.get(sequence);
    if (waits === undefined) return;
    this.#waits.delete(sequence);
    for (const resolve of waits) resolve();
  }
}
