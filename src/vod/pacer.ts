/** How often it is looked which plays are due, in ms. */
const TICK_MS = 100;
/** Plays are served for this long, in ms, before everything else in the process has its turn. */
const TURN_MS = 4;

/** What the pacer asks of a play. */
interface Paced {
  /** Whether something may be sent now. */
  isDue(nowMs: number): boolean;
  /** Sends one window. Must not throw. */
  serve(nowMs: number): void;
}

/**
 * Serves all recorded plays, one window each in turn, for a few milliseconds at a time. The timer runs only while there
 * are plays.
 */
export class Pacer {
  readonly #nowMs: () => number;
  readonly #plays = new Set<Paced>();
  readonly #queue = new Set<Paced>();
  #timer: NodeJS.Timeout | undefined;
  #isScheduled = false;

  /** @param nowMs monotonic */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Plays that there are. */
  get size(): number {
    return this.#plays.size;
  }

  add(play: Paced): void {
    this.#plays.add(play);
    this.#timer ??= setInterval(() => this.tick(), TICK_MS);
    this.#timer.unref();
  }

  remove(play: Paced): void {
    this.#plays.delete(play);
    this.#queue.delete(play);
    if (this.#plays.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The play may be due now: it has its turn behind those that wait for theirs. */
  wake(play: Paced): void {
    if (!this.#plays.has(play)) return;
    this.#queue.add(play);
    this.#schedule();
  }

  /** Queues the plays that are due. The timer calls it. */
  tick(): void {
    const nowMs = this.#nowMs();
    for (const play of this.#plays) if (play.isDue(nowMs)) this.#queue.add(play);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#queue.size === 0) return;
    this.#isScheduled = true;
    setImmediate(() => this.#serve());
  }

  #serve(): void {
    this.#isScheduled = false;
    const beganMs = this.#nowMs();
    for (const play of this.#queue) {
      const nowMs = this.#nowMs();
      if (nowMs - beganMs >= TURN_MS) break;
      this.#queue.delete(play);
      if (play.isDue(nowMs)) play.serve(nowMs);
    }
    this.#schedule();
  }
}
