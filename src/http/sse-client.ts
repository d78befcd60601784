import type { ServerResponse } from 'node:http';
import { SluiceError } from '../core/errors.js';
import type { LogCursor } from '../events/event-log.js';
import type { EventFeed, FeedEvent } from './event-feed.js';
import { HEADERS } from './replies.js';

/** Bounds of one follower. */
interface FollowerOptions {
  /** Bytes that may wait in this process for the follower. */
  readonly maxPendingBytes: number;
  /**
   * Time without an event after which a comment is sent. A follower that takes nothing for three times that is cut off.
   */
  readonly keepAliveMs: number;
}

/** Why a follower has gone. */
export type FollowerEnd = 'closed' | 'too_slow' | 'failed' | 'shutdown';

/**
 * One client of `/v1/events`: server-sent events, read from the feed only as fast as the client takes them. At most one
 * event waits in memory besides the socket's own buffer.
 */
export class SseClient {
  readonly #feed: EventFeed;
  readonly #response: ServerResponse;
  readonly #options: FollowerOptions;
  readonly #onEnd: (end: FollowerEnd) => void;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #resume: (() => void) | undefined;
  #quiet = true;
  #blockedTicks = 0;
  /** Resolves when nothing more is read for the client. */
  readonly finished: Promise<void>;

  /** Takes over `response` (its head is not yet written) and starts sending. `onEnd` is called once. */
  constructor(
    feed: EventFeed,
    response: ServerResponse,
    start: LogCursor,
    options: FollowerOptions,
    onEnd: (end: FollowerEnd) => void,
  ) {
    this.#feed = feed;
    this.#response = response;
    this.#options = options;
    this.#onEnd = onEnd;
    response.writeHead(200, {
      ...HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      // nginx holds responses back unless this header is sent.
      'x-accel-buffering': 'no',
    });
    response.on('close', () => this.#end('closed'));
    response.on('error', () => this.#end('failed'));
    response.on('drain', () => this.#resume?.());
    response.write('retry: 1000\n\n');
    this.#timer = setInterval(() => this.#tick(), options.keepAliveMs);
    this.#timer.unref();
    this.finished = this.#run(start);
  }

  /** Bytes that the client has not taken yet. */
  get pendingBytes(): number {
    return this.#response.writableLength;
  }

  /** Ends the response in good order. The client connects again and resumes. */
  close(): void {
    if (this.#stop.signal.aborted) return;
    this.#response.end();
    this.#end('shutdown');
  }

  async #run(start: LogCursor): Promise<void> {
    try {
      await this.#sendFrom(start);
    } catch (error) {
      if (!(error instanceof SluiceError && error.code === 'ERR_EVENTS_CURSOR')) {
        this.cut('failed');
        return;
      }
      if (this.#stop.signal.aborted) return;
      this.#response.write(GAP);
      await this.#sendFrom('oldest').catch(() => this.cut('failed'));
    }
  }

  async #sendFrom(start: LogCursor): Promise<void> {
    const { signal } = this.#stop;
    for await (const event of this.#feed.follow(start, signal)) {
      if (signal.aborted) return;
      this.#send(event);
      if (this.#response.writableNeedDrain) await this.#drained();
    }
  }

  #send({ id, type, json }: FeedEvent): void {
    this.#quiet = false;
    this.#response.write(Buffer.concat([Buffer.from(`id: ${id}\nevent: ${type}\ndata: `), json, END_OF_EVENT]));
    if (this.#response.writableLength > this.#options.maxPendingBytes) this.cut('too_slow');
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      if (this.#stop.signal.aborted) resolve();
    });
  }

  #tick(): void {
    if (this.#response.writableNeedDrain) {
      this.#blockedTicks += 1;
      if (this.#blockedTicks >= 3) this.cut('too_slow');
      return;
    }
    this.#blockedTicks = 0;
    if (this.#quiet) this.#response.write(': keep-alive\n\n');
    this.#quiet = true;
  }

  /** Ends it at once. */
  cut(end: FollowerEnd): void {
    this.#end(end);
    this.#response.destroy();
  }

  #end(end: FollowerEnd): void {
    if (this.#stop.signal.aborted) return;
    clearInterval(this.#timer);
    this.#stop.abort();
    this.#resume?.();
    this.#onEnd(end);
  }
}

const END_OF_EVENT = Buffer.from('\n\n');
/** A comment, and an event without an id: the client learns that it has not seen everything. */
const GAP = ': the event to go on after is no longer held\nevent: gap\ndata: {}\n\n';
