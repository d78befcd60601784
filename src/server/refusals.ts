import { ERRORS, type ErrorCode } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import { TokenBucket } from '../core/token-bucket.js';
import type { Descriptors } from './descriptors.js';

/** How often it is logged that an address connects too often, or that there are too few file descriptors. */
const FLOOD_LINES_PER_SECOND = 0.1;

/** Sockets that were refused before they became connections: counts each, and logs floods as numbers. */
export class Refusals {
  /** By error code. */
  readonly counts = new Map<ErrorCode, number>();
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #descriptors: Pick<Descriptors, 'shortage'>;
  readonly #floodLines = new TokenBucket({ burst: 1, perSecond: FLOOD_LINES_PER_SECOND });
  readonly #shortageLines = new TokenBucket({ burst: 1, perSecond: FLOOD_LINES_PER_SECOND });

  /** @param nowMs monotonic milliseconds */
  constructor(log: Logger, nowMs: () => number, descriptors: Pick<Descriptors, 'shortage'>) {
    this.#log = log;
    this.#nowMs = nowMs;
    this.#descriptors = descriptors;
  }

  /**
   * Counts a refused socket. A flood is reported in numbers: a line and a message for each of its sockets would be work
   * that it causes.
   *
   * @returns whether this one refusal is to be reported by itself
   */
  note(code: ErrorCode, address: string): boolean {
    const refused = (this.counts.get(code) ?? 0) + 1;
    this.counts.set(code, refused);
    if (code === 'ERR_DESCRIPTORS') return this.logShortage();
    if (code !== 'ERR_LIMIT_ACCEPT_RATE') return true;
    if (!this.#floodLines.take(this.#nowMs())) return false;
    this.#log.warn({ code, peer: address, refused }, 'an address connects too often');
    return true;
  }

  /**
   * Logs that there are too few file descriptors, when that is so and was not logged just now. @returns whether it did
   */
  logShortage(): boolean {
    const { shortage } = this.#descriptors;
    if (shortage === undefined || !this.#shortageLines.take(this.#nowMs())) return false;
    const refused = this.counts.get('ERR_DESCRIPTORS') ?? 0;
    this.#log.warn({ code: 'ERR_DESCRIPTORS', refused }, `${shortage}: ${ERRORS.ERR_DESCRIPTORS.hint}`);
    return true;
  }
}
