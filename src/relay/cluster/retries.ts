import { compareEpochs, type Epoch } from '../../model/epoch.js';

/** First and longest mean wait between connections, in ms. */
const RETRY_MS = [200, 5000] as const;
/** A connection that ran for less than this was of no use: the next waits as after one that failed. In ms. */
const LEAST_RUN_MS = 2000;

/**
 * When the next connection to the owner of a name may be made. The waits double, with full jitter: many that lost one
 * node together come back spread over the whole time. Another claim of the name is connected to at once.
 */
export class Retries {
  /** Monotonic time from which it may be made. */
  dueMs = 0;
  readonly #random: () => number;
  #failures = 0;
  #claim: Epoch | undefined;

  /** @param random from 0 to 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The registry names this claim. */
  wants(claim: Epoch, nowMs: number): void {
    if (this.#claim !== undefined && compareEpochs(claim, this.#claim) === 0) return;
    this.#claim = claim;
    this.#failures = 0;
    this.dueMs = nowMs;
  }

  /** A connection failed. */
  failed(nowMs: number): void {
    const [first, longest] = RETRY_MS;
    const most = Math.min(longest, first * 2 ** Math.min(10, this.#failures++));
    this.dueMs = nowMs + most * this.#random();
  }

  /** A connection by which the stream came is over. @param ranMs how long it ran */
  lost(ranMs: number, nowMs: number): void {
    // The first loss is made good at once, because most often the owner has just been replaced.
    if (ranMs >= LEAST_RUN_MS) this.#failures = 0;
    if (this.#failures > 0) this.failed(nowMs);
    else this.#failures = 1;
  }
}
