import { SluiceError } from '../core/errors.js';

/** What still runs on a node that drains. */
export interface DrainCounts {
  readonly streams: number;
  /** Players, those that wait for a publisher included. */
  readonly plays: number;
  readonly relays: number;
  /** Events that wait for NATS. */
  readonly journalPending: number;
}

/**
 * `serving`: everything is accepted. `draining`: nothing new is, and what runs goes on. `ending`: the rest is being
 * ended, and there is no way back.
 */
type DrainState = 'serving' | 'draining' | 'ending';

/** What is due now. */
interface DrainStep {
  /** A line of progress for the terminal. */
  readonly logs: boolean;
  /** `node.draining` once more. */
  readonly tells: boolean;
  /** Everything has gone, or the time is over: the process is to end, and what still runs with it. */
  readonly ends: boolean;
}

const LOG_MS = 1000;
const TELL_MS = 10_000;
/** The share of a drain that is kept for the end of the rest, at most. */
const ENDING_SHARE = 0.2;

/**
 * The course of a drain. Time and counts come in, nothing is scheduled here. The rest is ended early enough for the
 * process to have stopped at the deadline, since whoever stops it may kill it then.
 */
export class Drain {
  #state: DrainState = 'serving';
  #deadlineMs = 0;
  #endsMs = 0;
  #logDueMs = 0;
  #tellDueMs = 0;

  get state(): DrainState {
    return this.#state;
  }

  /** Monotonic time at which the process has stopped, in ms. Meaningful unless the state is `serving`. */
  get deadlineMs(): number {
    return this.#deadlineMs;
  }

  /**
   * Begins, or changes the deadline of a drain that has begun.
   *
   * @param deadlineMs how long it may last, in ms
   * @param endingMs how long the end of the rest may take, in ms (`shutdown.deadlineMs`)
   * @param nowMs monotonic
   * @returns whether it has begun now
   * @throws SluiceError ERR_CTL_CONFLICT when the rest is being ended already
   */
  begin(deadlineMs: number, endingMs: number, nowMs: number): boolean {
    this.#refuseWhileEnding();
    this.#deadlineMs = nowMs + deadlineMs;
    this.#endsMs = this.#deadlineMs - Math.min(endingMs, deadlineMs * ENDING_SHARE);
    if (this.#state === 'draining') return false;
    this.#state = 'draining';
    this.#logDueMs = nowMs;
    this.#tellDueMs = nowMs + TELL_MS;
    return true;
  }

  /**
   * Takes a drain back.
   *
   * @returns whether there was one
   * @throws SluiceError ERR_CTL_CONFLICT when the rest is being ended already
   */
  cancel(): boolean {
    this.#refuseWhileEnding();
    const wasDraining = this.#state === 'draining';
    this.#state = 'serving';
    return wasDraining;
  }

  /** The process ends, whether it drains or not. */
  end(): void {
    this.#state = 'ending';
  }

  /** Says what is due. Call it a few times a second. @param nowMs monotonic */
  look({ streams, plays, relays }: DrainCounts, nowMs: number): DrainStep {
    if (this.#state !== 'draining') return { logs: false, tells: false, ends: false };
    const ends = streams + plays + relays === 0 || nowMs >= this.#endsMs;
    const logs = nowMs >= this.#logDueMs;
    const tells = nowMs >= this.#tellDueMs;
    if (logs) this.#logDueMs = nowMs + LOG_MS;
    if (tells) this.#tellDueMs = nowMs + TELL_MS;
    if (ends) this.#state = 'ending';
    return { logs, tells, ends };
  }

  #refuseWhileEnding(): void {
    if (this.#state === 'ending') throw new SluiceError('ERR_CTL_CONFLICT', 'the server is stopping');
  }
}
