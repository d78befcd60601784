import { parseDuration } from '../core/duration.js';

/** An event as it is kept and sent. */
export interface FeedEvent {
  /** Envelope id: `<streamId>:<seq>` and the like. No line breaks. */
  readonly id: string;
  /** `io.sluice.stream.started` and the like. */
  readonly type: string;
  /** UTF-8 JSON of the envelope, without line breaks; immutable shared. */
  readonly json: Uint8Array;
}

/** Events that were read from a feed, and where to go on. */
export interface FeedPage {
  readonly events: readonly FeedEvent[];
  /** Position after the last of `events`. */
  readonly next: number;
  /** Events between the asked position and the first of `events` that are no longer held. */
  readonly missed: number;
}

/**
 * The embedded event log as its followers see it: events in the order in which they happened, at positions that only grow. A
 * follower reads at its own pace, so a slow one costs no memory; it finds out when the log has moved on without it.
 */
export interface EventFeed {
  /** Position after the newest event. */
  end(): number;
  /** Position of the oldest event still held. */
  start(): number;
  /** Position after the event with this id, or `undefined` when it is not held. */
  after(id: string): number | undefined;
  /** Position of the first event that happened at or after `wallMs` (milliseconds since the epoch). */
  since(wallMs: number): number;
  /** Up to `limit` events from `position` on; none when `position` is the end. */
  read(position: number, limit: number): FeedPage | Promise<FeedPage>;
  /** Calls `listener` after an event was added. Returns how to stop that. */
  onAppend(listener: () => void): () => void;
}

/** Where a follower starts, and whether what it asked for is gone. */
export interface FeedStart {
  readonly position: number;
  /** The event after which it wanted to go on is not held any more: it starts at the oldest. */
  readonly gap: boolean;
}

/**
 * Finds where a follower starts: after `lastEventId` when it is given, else at `since`, else with what comes next.
 *
 * @param since a duration back from now (`90s`, `1h`), an ISO 8601 time, or `all`
 * @param nowMs milliseconds since the epoch
 * @returns `undefined` when `since` is none of these
 */
export function findStart(
  feed: EventFeed,
  lastEventId: string | undefined,
  since: string | undefined,
  nowMs: number,
): FeedStart | undefined {
  if (lastEventId !== undefined && lastEventId !== '') {
    const position = feed.after(lastEventId);
    return position === undefined ? { position: feed.start(), gap: true } : { position, gap: false };
  }
  if (since === undefined || since === '') return { position: feed.end(), gap: false };
  if (since === 'all') return { position: feed.start(), gap: false };
  const backMs = parseDuration(since);
  if (backMs !== undefined) return { position: feed.since(nowMs - backMs), gap: false };
  const atMs = /^\d{4}-\d\d-\d\d/.test(since) ? Date.parse(since) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : { position: feed.since(atMs), gap: false };
}
