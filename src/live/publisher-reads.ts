import type { ByteSide } from './access.js';

/** Has publishers read, and knows who waits for that. */
export class PublisherReads {
  readonly #bytes: ByteSide;
  /** By the id of the order. */
  readonly #reads = new Map<number, (silentMs: number) => void>();
  #lastId = 0;

  constructor(bytes: ByteSide) {
    this.#bytes = bytes;
  }

  /**
   * Has the publisher of a stream read. Resolves when its end has been seen and reported, if the kernel knows of one,
   * with the time in ms for which it has sent nothing.
   */
  read(streamId: string): Promise<number> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#reads.set(id, resolve);
      this.#bytes.order({ kind: 'readPublisher', id, streamId });
    });
  }

  /** It was read. */
  done(id: number, silentMs: number): void {
    this.#reads.get(id)?.(silentMs);
    this.#reads.delete(id);
  }
}
