import type { LoadConnection } from './connection.js';
import type { EncodedLoop } from './encoded-loop.js';
import { writeStampTime } from './stamp.js';
import type { Timed } from './timer-wheel.js';

/** Bytes waiting in this process at which a publisher stops writing until the server reads again. */
const MAX_BACKLOG_BYTES = 1024 * 1024;
const RETRY_MS = 20;

/** Sends the messages of one publisher at their times, from bytes that all publishers share. */
export class Publisher implements Timed {
  readonly #connection: LoadConnection;
  readonly #loop: EncodedLoop;
  readonly #stamped: boolean;
  #loopStartMs: number;
  #next = 0;
  #sentBytes = 0;
  #isBehind = false;
  #isOver = false;

  /**
   * @param startMs wheel time at which the loop begins
   * @param stamped whether video frames carry the time of sending; costs a copy of each frame
   */
  constructor(connection: LoadConnection, loop: EncodedLoop, startMs: number, stamped: boolean) {
    this.#connection = connection;
    this.#loop = loop;
    this.#loopStartMs = startMs;
    this.#stamped = stamped;
  }

  /** Chunk stream bytes handed to the socket. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Whether the server does not read as fast as the stream runs. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Sends nothing more. */
  stop(): void {
    this.#isOver = true;
  }

  /** Sends what is due; see {@link Timed}. */
  due(nowMs: number): number | undefined {
    if (this.#isOver) return undefined;
    this.#isBehind = this.#connection.backlogBytes > MAX_BACKLOG_BYTES;
    if (this.#isBehind) return nowMs + RETRY_MS;
    const { dueMs, durationMs } = this.#loop;
    for (;;) {
      const first = this.#next;
      while (this.#next < dueMs.length && this.#loopStartMs + dueMs[this.#next]! <= nowMs) this.#next++;
      if (this.#next > first) this.#send(first, this.#next);
      if (this.#next < dueMs.length) return this.#loopStartMs + dueMs[this.#next]!;
      this.#next = 0;
      this.#loopStartMs += durationMs;
    }
  }

  #send(first: number, end: number): void {
    const { bytes, offsets, stampAt } = this.#loop;
    const from = offsets[first]!;
    let slice = bytes.subarray(from, offsets[end]!);
    if (this.#stamped) {
      slice = Buffer.from(slice);
      const now = process.hrtime.bigint();
      for (let i = first; i < end; i++) if (stampAt[i]! >= 0) writeStampTime(slice, stampAt[i]! - from, now);
    }
    this.#sentBytes += slice.length;
    this.#connection.write(slice);
  }
}
