import type { EventFeed, FeedEvent, FeedPage } from '../../../src/http/event-feed.js';

/** A feed in memory that holds the newest `capacity` events. */
export class FakeFeed implements EventFeed {
  readonly #capacity: number;
  readonly #listeners = new Set<() => void>();
  readonly #events: { event: FeedEvent; atMs: number }[] = [];
  #start = 0;
  reads = 0;

  constructor(capacity = 1000) {
    this.#capacity = capacity;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  add(id: string, data: object = {}, atMs = 0): void {
    const json = Buffer.from(JSON.stringify({ id, ...data }));
    this.#events.push({ event: { id, type: 'io.sluice.stream.started', json }, atMs });
    if (this.#events.length > this.#capacity) {
      this.#events.shift();
      this.#start += 1;
    }
    for (const listener of this.#listeners) listener();
  }

  start(): number {
    return this.#start;
  }

  end(): number {
    return this.#start + this.#events.length;
  }

  after(id: string): number | undefined {
    const index = this.#events.findIndex(({ event }) => event.id === id);
    return index === -1 ? undefined : this.#start + index + 1;
  }

  since(wallMs: number): number {
    const index = this.#events.findIndex(({ atMs }) => atMs >= wallMs);
    return index === -1 ? this.end() : this.#start + index;
  }

  async read(position: number, limit: number): Promise<FeedPage> {
    this.reads += 1;
    const from = Math.max(position, this.#start);
    const events = this.#events.slice(from - this.#start, from - this.#start + limit).map(({ event }) => event);
    return { events, next: from + events.length, missed: from - position };
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
