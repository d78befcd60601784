import { TokenBucket } from '../../core/token-bucket.js';
import type { JournalOptions } from './options.js';

/** Bytes for which an optional event counts in the history; most are a little shorter. */
const EVENT_BYTES = 1024;
const HOUR_SECONDS = 3600;

/**
 * The part of the journal that optional events may take. With a bus it is half of the space for waiting events, so that
 * starts find room long after. Without one it is a quarter of the history at once and another quarter an hour, so that
 * optional events do not push everything else out.
 */
export class OptionalShare {
  readonly #halfBytes: number | undefined;
  readonly #history: TokenBucket;

  constructor({ bus, maxBytes, historyBytes }: Pick<JournalOptions, 'bus' | 'maxBytes' | 'historyBytes'>) {
    this.#halfBytes = bus ? maxBytes / 2 : undefined;
    this.#history = new TokenBucket({ burst: historyBytes / 4, perSecond: historyBytes / 4 / HOUR_SECONDS });
  }

  /**
   * Whether one more may be appended now. The caller appends it when this is true. @param heldBytes bytes that wait
   * @param nowMs monotonic
   */
  admits(heldBytes: number, nowMs: number): boolean {
    if (this.#halfBytes !== undefined) return heldBytes <= this.#halfBytes;
    return this.#history.take(nowMs, EVENT_BYTES);
  }
}
