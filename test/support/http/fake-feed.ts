import { SluiceError } from '../../../src/core/errors.js';
import type { LogCursor } from '../../../src/events/event-log.js';
import type { EventFeed, FeedEvent } from '../../../src/http/event-feed.js';

interface Held {
  readonly event: FeedEvent;
  readonly atMs: number;
}

/** A feed in memory that holds the newest `capacity` events. */
export class FakeFeed implements EventFeed {
  readonly #capacity: number;
  readonly #wakers = new Set<() => void>();
  readonly #events: Held[] = [];
  #start = 0;
  /** Followers at work now. */
  followers = 0;
  /** Events handed to followers so far. */
  handed = 0;

  constructor(capacity = 1000) {
    this.#capacity = capacity;
  }

  add(id: string, data: object = {}, atMs = 0): void {
    const json = Buffer.from(JSON.stringify({ id, ...data }));
    this.#events.push({ event: { id, type: 'io.sluice.stream.started', json }, atMs });
    if (this.#events.length > this.#capacity) {
      this.#events.shift();
      this.#start += 1;
    }
    for (const wake of this.#wakers) wake();
  }

  async *follow(cursor: LogCursor, signal: AbortSignal): AsyncGenerator<FeedEvent> {
    let position = this.#positionOf(cursor);
    this.followers += 1;
    try {
      while (!signal.aborted) {
        const held = this.#events[position - this.#start];
        if (held === undefined) {
          await this.#more(signal);
        } else {
          position += 1;
          this.handed += 1;
          yield held.event;
        }
      }
    } finally {
      this.followers -= 1;
    }
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wakers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wakers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #positionOf(cursor: LogCursor): number {
    if (cursor === 'oldest') return this.#start;
    if (cursor === 'now') return this.#start + this.#events.length;
    if ('afterPosition' in cursor) return cursor.afterPosition + 1;
    const index =
      'afterId' in cursor
        ? this.#events.findIndex(({ event }) => event.id === cursor.afterId)
        : this.#events.findIndex(({ atMs }) => atMs >= cursor.sinceMs);
    if ('afterId' in cursor) {
      if (index === -1) throw new SluiceError('ERR_EVENTS_CURSOR', cursor.afterId);
      return this.#start + index + 1;
    }
    return this.#start + (index === -1 ? this.#events.length : index);
  }
}
