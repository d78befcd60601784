/** Something that is to happen after the hold. Must not throw. */
type Due = () => void;

/** How long polls without an answer are held. All of them share one timer, which runs only while some wait. */
export class HoldQueue {
  /** How long, in ms; holds that have begun keep their end. */
  holdMs: number;
  readonly #nowMs: () => number;
  /** In the order of their ends. */
  readonly #held: { readonly due: Due; readonly atMs: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #onTimer = (): void => this.#run();

  /** @param nowMs monotonic */
  constructor(holdMs: number, nowMs: () => number) {
    this.holdMs = holdMs;
    this.#nowMs = nowMs;
  }

  /** Calls `due` once after the hold; what has become of it meanwhile is its own to know. */
  add(due: Due): void {
    this.#held.push({ due, atMs: this.#nowMs() + this.holdMs });
    this.#timer ??= setTimeout(this.#onTimer, this.holdMs);
  }

  /** Nothing that is held becomes due any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#held.length = 0;
  }

  #run(): void {
    this.#timer = undefined;
    const now = this.#nowMs();
    let count = 0;
    // Timers may run up to a millisecond early.
    while (count < this.#held.length && this.#held[count].atMs <= now + 1) count++;
    for (const { due } of this.#held.splice(0, count)) due();
    const first = this.#held[0];
    if (first !== undefined) this.#timer ??= setTimeout(this.#onTimer, Math.max(1, first.atMs - now));
  }
}
