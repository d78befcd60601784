import type { ServerResponse } from 'node:http';
import type { EventFeed, FeedEvent, FeedStart } from './event-feed.js';

/** Bounds of one follower. */
export interface FollowerOptions {
  /** Bytes that may wait in this process for the follower. */
  readonly maxPendingBytes: number;
  /** Quiet time after which a comment is sent; a follower that takes nothing for three times that is cut off. */
  readonly keepAliveMs: number;
}

/** Why a follower went. */
export type FollowerEnd = 'closed' | 'too_slow' | 'failed' | 'shutdown';

const PAGE = 64;

/**
 * One client of `/v1/events`: server-sent events, read from the feed only as fast as the client takes them. Never more than
 * one page beyond the socket's own buffer waits in memory.
 */
export class EventStream {
  readonly #feed: EventFeed;
  readonly #response: ServerResponse;
  readonly #options: FollowerOptions;
  readonly #onEnd: (end: FollowerEnd) => void;
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #position: number;
  #pumping = false;
  #again = false;
  #ended = false;
  #quietTicks = 0;
  #blockedTicks = 0;

  /** Takes over `response` (head not yet written) and starts sending. `onEnd` is called once. */
  constructor(
    feed: EventFeed,
    response: ServerResponse,
    start: FeedStart,
    options: FollowerOptions,
    onEnd: (end: FollowerEnd) => void,
  ) {
    this.#feed = feed;
    this.#response = response;
    this.#options = options;
    this.#onEnd = onEnd;
    this.#position = start.position;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-content-type-options': 'nosniff',
      // nginx holds responses back unless it is told not to.
      'x-accel-buffering': 'no',
    });
    response.on('close', () => this.#end('closed'));
    response.on('error', () => this.#end('failed'));
    response.on('drain', () => void this.#pump());
    response.write(start.gap ? `retry: 1000\n${GAP}` : 'retry: 1000\n\n');
    this.#unsubscribe = feed.onAppend(() => void this.#pump());
    this.#timer = setInterval(() => this.#tick(), options.keepAliveMs);
    this.#timer.unref();
    void this.#pump();
  }

  /** Ends the response in good order; the client comes back by itself and resumes. */
  close(): void {
    if (this.#ended) return;
    this.#response.end();
    this.#end('shutdown');
  }

  async #pump(): Promise<void> {
    if (this.#pumping) {
      this.#again = true;
      return;
    }
    this.#pumping = true;
    try {
      await this.#sendPages();
    } catch {
      this.#cut('failed');
    } finally {
      this.#pumping = false;
    }
  }

  async #sendPages(): Promise<void> {
    do {
      this.#again = false;
      while (!this.#ended && !this.#response.writableNeedDrain && this.#position < this.#feed.end()) {
        const page = await this.#feed.read(this.#position, PAGE);
        if (this.#ended) return;
        this.#position = page.next;
        if (page.missed > 0) this.#response.write(GAP);
        if (page.events.length > 0) this.#send(page.events);
      }
    } while (this.#again && !this.#ended && !this.#response.writableNeedDrain);
  }

  #send(events: readonly FeedEvent[]): void {
    this.#quietTicks = 0;
    const parts: Uint8Array[] = [];
    for (const { id, type, json } of events) {
      parts.push(Buffer.from(`id: ${id}\nevent: ${type}\ndata: `), json, END_OF_EVENT);
    }
    this.#response.write(Buffer.concat(parts));
    if (this.#response.writableLength > this.#options.maxPendingBytes) this.#cut('too_slow');
  }

  #tick(): void {
    if (this.#response.writableNeedDrain) {
      this.#blockedTicks += 1;
      if (this.#blockedTicks >= 3) this.#cut('too_slow');
      return;
    }
    this.#blockedTicks = 0;
    this.#quietTicks += 1;
    if (this.#quietTicks > 1) this.#response.write(': keep-alive\n\n');
  }

  #cut(end: FollowerEnd): void {
    this.#end(end);
    this.#response.destroy();
  }

  #end(end: FollowerEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    this.#unsubscribe();
    this.#onEnd(end);
  }
}

const END_OF_EVENT = Buffer.from('\n\n');
/** A comment and an event of its own without id: the client learns that it has not seen everything. */
const GAP = ': events that were asked for are no longer held\nevent: gap\ndata: {}\n\n';
