import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import { Drain, type DrainCounts } from './drain.js';

/** What a drain does to the rest of the server. */
interface DrainParts {
  readonly log: Logger;
  readonly clock: Clock;
  /** `shutdown.deadlineMs`. */
  readonly endingMs: () => number;
  readonly counts: () => DrainCounts;
  /** Nothing new is accepted from now on. Resolves when that is told. */
  readonly begun: (told: DrainProgress) => Promise<void>;
  /** Clients that understand it are asked to connect again; undefined: wherever they are sent. */
  readonly askAway: (tcUrl: string | undefined) => void;
  /** `node.draining`, once more. */
  readonly tell: (told: DrainProgress) => Promise<void>;
  /** Everything is accepted again. Resolves when that is told. */
  readonly undone: () => Promise<void>;
  /** Ends what still runs, and the process. */
  readonly stop: () => void;
}

/** How far a drain is. */
export interface DrainProgress extends DrainCounts {
  /** ISO 8601: when the process has stopped. */
  readonly deadlineAt: string;
}

/** How a drain is asked for. */
export interface DrainOptions {
  /** How long it may last, in ms. */
  readonly deadlineMs: number;
  /** Where clients that understand it are asked to go; undefined: to the same address. */
  readonly reconnectTo?: string | undefined;
}

/** The drain of this node. */
export class NodeDrain {
  readonly #drain = new Drain();
  readonly #parts: DrainParts;

  constructor(parts: DrainParts) {
    this.#parts = parts;
  }

  /** Why nothing new is accepted; undefined: it is. */
  get closedFor(): string | undefined {
    const { state } = this.#drain;
    if (state === 'serving') return undefined;
    return state === 'draining' ? 'the server is draining; connect again' : 'the server is shutting down';
  }

  /** How far it is; undefined: the node serves. */
  get progress(): DrainProgress | undefined {
    return this.#drain.state === 'serving' ? undefined : this.#progress();
  }

  /**
   * Begins, or changes the deadline of a drain that has begun. Resolves when that is told.
   *
   * @throws SluiceError ERR_CTL_CONFLICT when the server is stopping
   */
  async begin({
    deadlineMs,
    reconnectTo,
  }: DrainOptions): Promise<{ done: 'done' | 'already'; progress: DrainProgress }> {
    const { clock, log, endingMs, begun, askAway } = this.#parts;
    const hasBegun = this.#drain.begin(deadlineMs, endingMs(), clock.monotonicMs());
    const progress = this.#progress();
    log.info({ ...progress, reconnectTo }, hasBegun ? 'draining: nothing new is accepted' : 'draining: a new deadline');
    askAway(reconnectTo);
    if (hasBegun) await begun(progress);
    return { done: hasBegun ? 'done' : 'already', progress };
  }

  /**
   * Takes it back. Resolves when that is told.
   *
   * @throws SluiceError ERR_CTL_CONFLICT when the server is stopping
   */
  async undo(): Promise<'done' | 'already'> {
    if (!this.#drain.cancel()) return 'already';
    this.#parts.log.info('the drain was taken back: everything is accepted again');
    await this.#parts.undone();
    return 'done';
  }

  /** The process ends. @returns whether it was draining */
  end(): boolean {
    const wasDraining = this.#drain.state !== 'serving';
    this.#drain.end();
    return wasDraining;
  }

  /** Does what is due. Call it a few times a second. */
  tick(nowMs: number): void {
    if (this.#drain.state !== 'draining') return;
    const { log, counts, tell, stop } = this.#parts;
    const now = counts();
    const { logs, tells, ends } = this.#drain.look(now, nowMs);
    if (!logs && !tells && !ends) return;
    const progress = this.#progress();
    if (ends) {
      const isEmpty = now.streams + now.plays + now.relays === 0;
      log.info({ ...progress }, isEmpty ? 'drained: nothing runs any more' : 'the drain is over: the rest is ended');
      stop();
    } else if (logs) log.info({ ...progress }, 'draining');
    if (tells) void tell(progress);
  }

  #progress(): DrainProgress {
    const { clock, counts } = this.#parts;
    const leftMs = this.#drain.deadlineMs - clock.monotonicMs();
    return { ...counts(), deadlineAt: new Date(Math.round(clock.wallMs() + leftMs)).toISOString() };
  }
}
