/** Events of one kind that a publisher can cause: so many at once, so many a second. */
export interface EventRate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Data messages. */
export const DATA_RATE: EventRate = { burst: 50, perSecond: 20 };
/** Changes of tracks and metadata. Those that are not told at once are told together later, so few are enough. */
export const UPDATE_RATE: EventRate = { burst: 10, perSecond: 1 };
/** Tracks that stall and recover: all that are watched may do so at once. */
export const HEALTH_RATE: EventRate = { burst: 64, perSecond: 4 };

/**
 * Bounds the events that a publisher's own data or ever-changing headers make: players get all of it, the journal does not fill
 * with it. What is over the budget is counted (`sluice_stream_events_suppressed_total`).
 */
export class EventBudget {
  /** Events that were not told. */
  suppressed = 0;
  readonly #rate: EventRate;
  #tokens: number;
  #atMs: number;

  /** @param nowMs monotonic */
  constructor(rate: EventRate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#atMs = nowMs;
  }

  /** Takes one event out of the budget; false, and counted, when there is none left. */
  take(nowMs: number): boolean {
    if (this.takeLater(nowMs)) return true;
    this.suppressed++;
    return false;
  }

  /** As {@link take}, for an event that is offered again and so is not lost: not counted. */
  takeLater(nowMs: number): boolean {
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1000);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
