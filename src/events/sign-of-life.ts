import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Totals } from '../model/totals.js';
import type { Journal } from './journal/journal.js';
import type { LifeFile } from './journal/life-file.js';

/**
 * How often the sign of life is written, in ms. After a kill, nothing later than the newest one is known of a stream: 2
 * s at most, writing and waiting for a turn included.
 */
const INTERVAL_MS = 1500;
/** Streams that become ready are written together, at most this much later. */
const READY_DELAY_MS = 100;

/** What the signs of life are made from. */
interface SignOfLifeDeps {
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** What each open stream has carried by now. */
  totals(): ReadonlyMap<string, Totals>;
}

/**
 * Writes every 1.5 s, and when a stream has become ready, that this process lives and what its open streams have
 * carried by now.
 */
export class SignOfLife {
  readonly #file: LifeFile;
  readonly #deps: SignOfLifeDeps;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(file: LifeFile, deps: SignOfLifeDeps) {
    this.#file = file;
    this.#deps = deps;
  }

  /** Why the newest one could not be written; empty when it could. */
  get trouble(): string {
    return this.#file.trouble;
  }

  /** Begins. Resolves when the first one is written, or cannot be. */
  async start(journal: Journal): Promise<void> {
    await this.#sign();
    this.#timer = setInterval(() => void this.#sign(), INTERVAL_MS).unref();
    journal.subscribe((entries) => {
      if (entries.some(({ type }) => type === 'io.sluice.stream.ready')) this.#signSoon();
    });
  }

  /** Writes no more; what is being written is finished. */
  stop(): void {
    for (const timer of [this.#timer, this.#soon]) clearTimeout(timer);
  }

  /** Closes the file. */
  close(): Promise<void> {
    return this.#file.close();
  }

  /** One write at a time. */
  #sign(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { bootId, clock, log } = this.#deps;
    const before = this.trouble;
    await this.#file.write({ bootId, wallMs: clock.wallMs(), totals: Object.fromEntries(this.#deps.totals()) });
    const cause = this.trouble;
    if (before === '' && cause !== '') {
      log.warn({ cause }, 'journal: the sign of life cannot be written; after a crash streams would end too early');
    }
  }

  #signSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      void this.#sign();
    }, READY_DELAY_MS).unref();
  }
}
