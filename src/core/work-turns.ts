/** How long work may go on in one turn of the event loop, all together, in ms. */
const TURN_MS = 4;
/** For each millisecond of work, so many in which none begins. */
const REST = 2;

/** Calls `work` after `ms`. */
type Later = (work: () => void, ms: number) => void;

/**
 * Keeps work that many clients ask for at once, in pieces, from owning the event loop: the pieces of all of them have so many
 * milliseconds of a turn, and a third of the time in all, however much is asked for.
 */
export class WorkTurns {
  readonly #nowMs: () => number;
  readonly #later: Later;
  /** When the first piece of this turn began; undefined while none has. */
  #beganMs: number | undefined;
  /** Nothing begins before: the last turn with work has to be rested from. */
  #restUntilMs = Number.NEGATIVE_INFINITY;
  readonly #waiting: (() => void)[] = [];
  #armed = false;

  /** @param nowMs monotonic */
  constructor(nowMs: () => number = () => performance.now(), later: Later = setTimeout) {
    this.#nowMs = nowMs;
    this.#later = later;
  }

  /** Resolves when a piece may begin: at once while there is time in this turn and nobody waits, else in a later one, in the order of asking. */
  async mine(): Promise<void> {
    if (this.#waiting.length === 0 && this.#hasTime()) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#arm();
    });
  }

  #hasTime(): boolean {
    const nowMs = this.#nowMs();
    if (this.#beganMs !== undefined) return nowMs - this.#beganMs < TURN_MS;
    if (nowMs < this.#restUntilMs) return false;
    this.#beganMs = nowMs;
    setImmediate(() => this.#endTurn(nowMs));
    return true;
  }

  #endTurn(beganMs: number): void {
    const nowMs = this.#nowMs();
    this.#beganMs = undefined;
    this.#restUntilMs = nowMs + REST * (nowMs - beganMs);
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#later(
      () => {
        this.#armed = false;
        // Each on its own: the piece of the one before is done when the clock is looked at again.
        for (let i = 0; i < this.#waiting.length; i++) setImmediate(() => this.#step());
      },
      Math.max(1, this.#restUntilMs - this.#nowMs()),
    );
  }

  #step(): void {
    if (this.#waiting.length === 0) return;
    if (this.#hasTime()) this.#waiting.shift()!();
    else this.#arm();
  }
}
