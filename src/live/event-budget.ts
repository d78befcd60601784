import { type Rate, TokenBucket } from '../core/token-bucket.js';

/** Data messages of one publisher. */
export const DATA_RATE: Rate = { burst: 50, perSecond: 20 };
/** Changes of tracks and metadata. Those that are not told at once are told together later, so a few are enough. */
export const UPDATE_RATE: Rate = { burst: 10, perSecond: 1 };
/** Tracks that stall and recover: all that are watched may do so at once. */
export const HEALTH_RATE: Rate = { burst: 64, perSecond: 4 };

/**
 * Bounds the events that a publisher's own data or ever-changing headers cause. Players get everything, and the journal
 * does not fill with it. Events over the budget are counted (`sluice_stream_events_suppressed_total`).
 */
export class EventBudget {
  /** Events that were not told. */
  suppressed = 0;
  readonly #bucket: TokenBucket;

  constructor(rate: Rate) {
    this.#bucket = new TokenBucket(rate);
  }

  /**
   * Takes one event out of the budget. Returns false, and counts it, when there is none left. @param nowMs monotonic
   */
  take(nowMs: number): boolean {
    if (this.takeLater(nowMs)) return true;
    this.suppressed++;
    return false;
  }

  /** Does the same as {@link take}, for an event that is offered again and so is not lost or counted. */
  takeLater(nowMs: number): boolean {
    return this.#bucket.take(nowMs);
  }
}
