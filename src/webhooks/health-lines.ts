import type { Logger } from '../core/log.js';

/** Least time between two lines that a webhook fails, in ms. */
const LEAST_MS = 60_000;

/** Logs when a webhook begins to fail and when it is well again, once each, and not for each that comes and goes. */
export class HealthLines {
  readonly #log: Logger;
  #isFailing = false;
  #isTold = false;
  #toldMs = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** An attempt has failed. @param nowMs monotonic */
  failed(why: string, nowMs: number): void {
    this.#failures++;
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#isTold = nowMs - this.#toldMs >= LEAST_MS;
    if (!this.#isTold) return;
    this.#toldMs = nowMs;
    this.#log.warn({ cause: why }, 'a webhook does not take an event; it is tried again, and others go on');
  }

  /** Nothing fails any more. */
  isWell(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    if (this.#isTold) this.#log.info({ failures: this.#failures }, 'the webhook takes events again');
    this.#failures = 0;
  }
}
