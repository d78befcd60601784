import { parseDuration } from '../core/duration.js';
import type { LogCursor } from '../events/event-log.js';

/** An event as it is kept and sent. */
export interface FeedEvent {
  /** Envelope id: `<streamId>:<seq>` and the like. No line breaks. */
  readonly id: string;
  /** `io.sluice.stream.started` and the like. */
  readonly type: string;
  /** UTF-8 JSON of the envelope, without line breaks; immutable shared. */
  readonly json: Uint8Array;
}

/** The embedded event log as its followers see it. An `EventLog` is one. */
export interface EventFeed {
  /**
   * History from `cursor`, then new events, until `signal` aborts. It is read at the follower's own pace, so a slow one
   * costs no memory.
   *
   * @throws SluiceError ERR_EVENTS_CURSOR when the event of `afterId` is not held
   */
  follow(cursor: LogCursor, signal: AbortSignal): AsyncIterable<FeedEvent>;
}

/**
 * The events of one stream: what its node tells of it, of its recordings, its relays and its players. The rest is read
 * all the same, and passed over.
 */
export function feedOfStream(feed: EventFeed, streamId: string): EventFeed {
  const start = `${streamId}:`;
  return {
    async *follow(cursor, signal) {
      for await (const event of feed.follow(cursor, signal)) if (event.id.startsWith(start)) yield event;
    },
  };
}

/**
 * Finds where a follower starts: after `lastEventId` when it is given, else at `since`, else with the next event.
 *
 * @param since a duration back from now (`90s`, `1h`), an ISO 8601 time, or `all`
 * @param nowMs milliseconds since the epoch
 * @returns `undefined` when `since` is none of these
 */
export function findStart(
  lastEventId: string | undefined,
  since: string | undefined,
  nowMs: number,
): LogCursor | undefined {
  if (lastEventId !== undefined && lastEventId !== '') return { afterId: lastEventId };
  if (since === undefined || since === '') return 'now';
  if (since === 'all') return 'oldest';
  const backMs = parseDuration(since);
  if (backMs !== undefined) return { sinceMs: nowMs - backMs };
  const atMs = /^\d{4}-\d\d-\d\d/.test(since) ? Date.parse(since) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : { sinceMs: atMs };
}
