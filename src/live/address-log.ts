import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { LogFields } from '../core/log-fields.js';
import { KeyedBuckets, type Rate } from '../core/token-bucket.js';

/**
 * Lines about faults of one address: so many at once, then so many a second. The rates of all kinds add up to one line
 * a second.
 */
export const FAULT_LINES: Rate = { burst: 10, perSecond: 0.5 };
/** Lines about streams of one address. */
export const STREAM_LINES: Rate = { burst: 150, perSecond: 0.25 };
/** Lines about plays of one address: begin and end are a line each. */
export const PLAY_LINES: Rate = { burst: 20, perSecond: 0.25 };

/**
 * Log lines that a peer can cause as often as it likes. Each address has a rate of its own, and the next line says how
 * many were left out. Everything is counted in `/metrics` as well.
 */
export class AddressLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #lines: KeyedBuckets;
  #kept = 0;

  /** @param rate of the lines about one address */
  constructor(log: Logger, clock: Clock, rate: Rate) {
    this.#log = log;
    this.#clock = clock;
    this.#lines = new KeyedBuckets(rate);
  }

  /** Writes a line about `address`, or counts it. @returns whether it was written */
  tell(level: 'info' | 'warn' | 'error', address: string, fields: LogFields, message: string): boolean {
    if (!this.#lines.take(address, this.#clock.monotonicMs())) {
      this.#kept++;
      return false;
    }
    const kept = this.#kept;
    this.#kept = 0;
    this.#log[level](kept === 0 ? fields : { ...fields, linesKeptBack: kept }, message);
    return true;
  }
}
