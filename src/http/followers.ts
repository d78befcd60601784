import type { SseClient } from './sse-client.js';

/**
 * The clients that follow the events or search for where to start, in one bounded set. A place is free again when the
 * work for its client has stopped, not when the client has gone.
 */
export class Followers {
  readonly #limit: number;
  readonly #streams = new Set<SseClient>();

  /** @param limit `http.maxEventClients` */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Whether another client may come. */
  get hasRoom(): boolean {
    return this.#streams.size < this.#limit;
  }

  /** Bytes that wait in this process for the clients. */
  get heldBytes(): number {
    let sum = 0;
    for (const stream of this.#streams) sum += stream.pendingBytes;
    return sum;
  }

  add(stream: SseClient): void {
    this.#streams.add(stream);
    void stream.finished.then(() => this.#streams.delete(stream));
  }

  /**
   * Cuts off the clients that hold most, until so many bytes are free. They connect again and go on after the last
   * event they got.
   *
   * @returns the bytes that are free
   */
  relieve(overBytes: number): number {
    let freed = 0;
    const byBytes = [...this.#streams].sort((a, b) => b.pendingBytes - a.pendingBytes);
    for (const stream of byBytes) {
      if (freed >= overBytes || stream.pendingBytes === 0) break;
      freed += stream.pendingBytes;
      stream.cut('too_slow');
    }
    return freed;
  }

  /** Ends all of them in good order. */
  close(): void {
    for (const stream of this.#streams) stream.close();
  }
}
