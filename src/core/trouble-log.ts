import type { Logger } from './log.js';

/** Tells a trouble that is met again and again once, and again when its cause is another one. */
export class TroubleLog {
  readonly #log: Logger;
  readonly #what: string;
  #cause: string | undefined;

  /** @param what is not possible, as the line says it */
  constructor(log: Logger, what: string) {
    this.#log = log;
    this.#what = what;
  }

  /** It was not possible. */
  failed(error: unknown): void {
    const cause = error instanceof Error ? error.message : String(error);
    if (cause === this.#cause) return;
    this.#cause = cause;
    this.#log.warn({ cause }, this.#what);
  }

  /** It is possible again. */
  over(): void {
    this.#cause = undefined;
  }
}
