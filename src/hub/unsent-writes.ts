/** A player, which may have a write under way. */
export interface UnsentWriter {
  /** Bytes of memory that only this write keeps. */
  readonly unsentBytes: number;
  readonly sink: {
    /** The write holds memory that is needed: the connection has to go. */
    evicted(): void;
  };
}

/**
 * Writes to players that the kernel has not taken in full, also those of plays that have stopped meanwhile. libuv keeps
 * their bytes until the socket takes them or is closed.
 */
export class UnsentWrites {
  readonly #writers = new Set<UnsentWriter>();
  /**
   * Bytes that were made for one player, or for players that begin together, with the number of writes that use them.
   */
  readonly #copies = new Map<Buffer, number>();
  #copiedBytes = 0;

  /** Players whose write is under way. */
  get writers(): ReadonlySet<UnsentWriter> {
    return this.#writers;
  }

  /** Bytes of copies, which are not part of a slab. They count once for all that share them. */
  get copiedBytes(): number {
    return this.#copiedBytes;
  }

  /** The number of writes for which these bytes are kept. */
  sharers(copy: Buffer): number {
    return this.#copies.get(copy) ?? 0;
  }

  /** @param copy the bytes when they are not part of a slab */
  begin(writer: UnsentWriter, copy: Buffer | undefined): void {
    this.#writers.add(writer);
    if (copy === undefined) return;
    const sharers = this.#copies.get(copy) ?? 0;
    if (sharers === 0) this.#copiedBytes += copy.buffer.byteLength;
    this.#copies.set(copy, sharers + 1);
  }

  /** @param copy as in {@link begin} */
  end(writer: UnsentWriter, copy: Buffer | undefined): void {
    this.#writers.delete(writer);
    if (copy === undefined) return;
    const sharers = this.#copies.get(copy) ?? 0;
    if (sharers > 1) {
      this.#copies.set(copy, sharers - 1);
      return;
    }
    if (this.#copies.delete(copy)) this.#copiedBytes -= copy.buffer.byteLength;
  }
}
