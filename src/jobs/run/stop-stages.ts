/** Why a run is ended from outside. */
export type StopCause = 'asked' | 'stall' | 'time_limit';

/** A signal that is due, and what the run's end is called because of it. */
export interface DueSignal {
  readonly signal: 'SIGTERM' | 'SIGKILL';
  readonly cause: StopCause;
}

/** How long a program has to end by itself after the end of its stream, in ms. */
const EOF_MS = 2000;
/** How long the other processes of the group may outlive a program that ended by itself, in ms. */
const LEFTOVER_MS = 500;

const STAGES = ['running', 'eof', 'term', 'kill'] as const;
type Stage = (typeof STAGES)[number];

/**
 * How hard a run is asked to end, and what comes next: 2 s after the end of the stream TERM, after the grace KILL. It
 * only gets harder.
 */
export class StopStages {
  readonly #graceMs: number;
  #stage: Stage = 'running';
  #nextMs = Number.POSITIVE_INFINITY;
  #cause: StopCause = 'asked';

  /** @param graceMs from TERM to KILL */
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** The run is asked to end, as {@link Run.stop} says. @returns the signal that is due at once */
  ask(how: 'afterEof' | 'now' | 'kill', nowMs: number): DueSignal | undefined {
    if (how === 'now') return this.#term('asked', nowMs);
    if (how === 'kill') return this.#kill();
    if (this.#stage === 'running') this.#enter('eof', nowMs + EOF_MS);
    return undefined;
  }

  /** The run is ended for something that it did or did not do. @returns the signal that is due at once */
  end(cause: 'stall' | 'time_limit', nowMs: number): DueSignal | undefined {
    return this.#term(cause, nowMs);
  }

  /** @returns the signal that has become due with time */
  due(nowMs: number): DueSignal | undefined {
    if (nowMs < this.#nextMs) return undefined;
    return this.#stage === 'eof' ? this.#term('asked', nowMs) : this.#kill();
  }

  /**
   * Until when the rest of the group may stay after the program itself has ended at `nowMs`. What was asked to end
   * keeps the time that it was given: a script may have died of TERM while the encoder that it started still writes its
   * file.
   */
  leftoversUntilMs(nowMs: number): number {
    if (this.#stage === 'kill') return nowMs;
    return this.#stage === 'running' ? nowMs + LEFTOVER_MS : Math.max(this.#nextMs, nowMs + LEFTOVER_MS);
  }

  #term(cause: StopCause, nowMs: number): DueSignal | undefined {
    if (this.#isAtLeast('term')) return undefined;
    this.#cause = cause;
    this.#enter('term', nowMs + this.#graceMs);
    return { signal: 'SIGTERM', cause };
  }

  #kill(): DueSignal | undefined {
    if (this.#isAtLeast('kill')) return undefined;
    this.#enter('kill', Number.POSITIVE_INFINITY);
    return { signal: 'SIGKILL', cause: this.#cause };
  }

  #enter(stage: Stage, nextMs: number): void {
    this.#stage = stage;
    this.#nextMs = nextMs;
  }

  #isAtLeast(stage: Stage): boolean {
    return STAGES.indexOf(this.#stage) >= STAGES.indexOf(stage);
  }
}
