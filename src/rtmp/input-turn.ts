/**
 * How long the input of all connections may be handled before everything else has had its turn of the event loop, in
 * ms.
 */
const SHARED_MS = 8;
/**
 * The same for one connection. The two bound a turn: a connection that begins last begins before the first bound, and
 * ends by the second.
 */
const OWN_MS = 8;

/**
 * Bounds in time what all connections together do in one turn of the event loop. The kernel reports up to a thousand
 * sockets at once, and each may have work for milliseconds. Past the bound the rest waits in order, and deadlines, HTTP
 * and players have their turn in between.
 */
export class LoopShare {
  readonly #nowMs: () => number;
  readonly #waiting: (() => void)[] = [];
  /** When the first work of this turn began; undefined while none has. */
  #beganMs: number | undefined;
  #armed = false;
  readonly #onTurn = (): void => this.#endTurn();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Whether work may begin now: there is time left in this turn, and no other work has waited longer. */
  mayBegin(nowMs: number): boolean {
    if (this.#waiting.length > 0) return false;
    if (this.#beganMs !== undefined) return nowMs - this.#beganMs < SHARED_MS;
    this.#beganMs = nowMs;
    this.#arm();
    return true;
  }

  /** Does `work` in a later turn, behind work that waits already. It must not throw. */
  later(work: () => void): void {
    // The turn in which the first work is put off has had its share; work that follows must not put it off again.
    if (this.#waiting.length === 0) this.#beganMs ??= this.#nowMs();
    this.#waiting.push(work);
    this.#arm();
  }

  /** Does `work` now if it may begin, else {@link later}. */
  run(work: () => void): void {
    if (this.mayBegin(this.#nowMs())) work();
    else this.later(work);
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    setImmediate(this.#onTurn);
  }

  /**
   * It runs behind the reads of a turn. Waiting work goes on only after a turn without reads, because one turn would
   * otherwise have the time of two.
   */
  #endTurn(): void {
    this.#armed = false;
    const isSpent = this.#beganMs !== undefined;
    this.#beganMs = undefined;
    if (!isSpent) this.#goOn();
    if (this.#waiting.length > 0) this.#arm();
  }

  #goOn(): void {
    const waiting = this.#waiting;
    const untilMs = this.#nowMs() + SHARED_MS;
    let done = 0;
    while (done < waiting.length && (done === 0 || this.#nowMs() < untilMs)) waiting[done++]();
    waiting.splice(0, done);
  }
}

/**
 * Bounds in time what one connection does in one turn of the event loop. Bytes are no measure of that: 64 KiB may be
 * one frame, or two thousand headers, and the loop reads one socket many times before it comes to the next.
 */
export class InputTurn {
  readonly #nowMs: () => number;
  readonly #share: LoopShare;
  readonly #goOn: () => void;
  #waiting = false;
  #beganMs = 0;

  /** @param goOn called once in a later turn, after {@link begin} or {@link over} has said that others come first */
  constructor(nowMs: () => number, share: LoopShare, goOn: () => void) {
    this.#nowMs = nowMs;
    this.#share = share;
    this.#goOn = () => {
      this.#waiting = false;
      this.#beganMs = this.#nowMs();
      goOn();
    };
  }

  /** Whether the connection must not handle anything, because others come first. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /**
   * Start of the present work, in monotonic ms. It is close enough to now for everything that is measured in
   * milliseconds.
   */
  get beganMs(): number {
    return this.#beganMs;
  }

  /**
   * Whether the connection may handle input now. If not, it handles nothing until it is called back.
   *
   * @param isPublishing its bytes are media for which others wait, so it has a turn of its own. The media of one paced
   *   read takes well under a millisecond, and stopping and beginning to read for each costs more than that
   */
  begin(isPublishing: boolean): boolean {
    if (this.#waiting) return false;
    const nowMs = this.#nowMs();
    if (!isPublishing && !this.#share.mayBegin(nowMs)) return this.#wait();
    this.#beganMs = nowMs;
    return true;
  }

  /**
   * Whether its turn has lasted long enough. Then it handles nothing more until it is called back. A decision that was
   * there at once goes on in the turn in which it was asked for, so that a client that publishes and closes a thousand
   * times in one read does not get a thousand turns.
   */
  over(): boolean {
    return this.#waiting || (this.#nowMs() - this.#beganMs >= OWN_MS && !this.#wait());
  }

  #wait(): false {
    this.#waiting = true;
    this.#share.later(this.#goOn);
    return false;
  }
}
