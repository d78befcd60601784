/** How long work may go on in one turn of the event loop, all together, in ms. */
const TURN_MS = 4;

/**
 * Keeps work that many clients ask for at once, in pieces, from owning the event loop: the pieces of all of them have so many
 * milliseconds of a turn, and go on in the next one.
 */
export class WorkTurns {
  readonly #nowMs: () => number;
  /** When the first piece of this turn began; undefined while none has. */
  #beganMs: number | undefined;

  /** @param nowMs monotonic */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Resolves when a piece may begin: at once while there is time in this turn, else in a later one, in the order of asking. */
  async mine(): Promise<void> {
    while (!this.#hasTime()) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  #hasTime(): boolean {
    const nowMs = this.#nowMs();
    if (this.#beganMs !== undefined) return nowMs - this.#beganMs < TURN_MS;
    this.#beganMs = nowMs;
    setImmediate(() => {
      this.#beganMs = undefined;
    });
    return true;
  }
}
