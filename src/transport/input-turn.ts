/** How long one connection may handle its input before everybody else has had a turn of the event loop, in ms. */
const TURN_MS = 8;
/** Reads that follow each other closer than this, in ms, may belong to one turn of the loop. */
const SAME_TURN_MS = 1;

/**
 * Bounds in time what one connection does in one turn of the event loop. Bytes are no measure of that: 64 KiB may be one frame, or two thousand
 * headers, and the loop reads a socket many times before it looks at the next.
 */
export class InputTurn {
  readonly #nowMs: () => number;
  readonly #goOn: () => void;
  #waiting = false;
  #beganMs = 0;
  #endedMs = Number.NEGATIVE_INFINITY;

  /** @param goOn called once in a later turn after {@link over} has said so */
  constructor(nowMs: () => number, goOn: () => void) {
    this.#nowMs = nowMs;
    this.#goOn = () => {
      this.#waiting = false;
      goOn();
    };
  }

  /** Whether the connection must handle nothing: others come first. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Input is about to be handled, now. */
  begin(nowMs: number): void {
    if (nowMs - this.#endedMs > SAME_TURN_MS) this.#beganMs = nowMs;
  }

  /** Whether the turn has lasted long enough. When it has, the connection handles nothing more until it is called back. */
  over(): boolean {
    const nowMs = this.#nowMs();
    this.#endedMs = nowMs;
    if (this.#waiting || nowMs - this.#beganMs < TURN_MS) return this.#waiting;
    this.#waiting = true;
    this.#endedMs = Number.NEGATIVE_INFINITY;
    setImmediate(this.#goOn);
    return true;
  }
}
