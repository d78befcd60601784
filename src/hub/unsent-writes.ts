import type { Slab } from './slab-pool.js';

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
 * their bytes until the socket takes them or is closed. A writer has one at a time.
 */
export class UnsentWrites {
  /** What each writer sends from: a slab, or bytes that are not part of one. */
  readonly #sources = new Map<UnsentWriter, Slab | Buffer>();
  /**
   * Bytes that were made for one player, or for players that begin together, with the number of writes that use them.
   */
  readonly #copies = new Map<Buffer, number>();
  #copiedBytes = 0;

  /** Players whose write is under way. */
  get writers(): IterableIterator<UnsentWriter> {
    return this.#sources.keys();
  }

  /** Bytes of copies, which are not part of a slab. They count once for all that share them. */
  get copiedBytes(): number {
    return this.#copiedBytes;
  }

  /** Bytes that only the write of `writer` keeps; its share of them when others send from the same memory. */
  bytesOf(writer: UnsentWriter): number {
    const source = this.#sources.get(writer);
    if (source === undefined) return 0;
    if (source instanceof Uint8Array) return source.length / Math.max(1, this.#copies.get(source) ?? 0);
    return source.retired ? source.used / source.inFlight : 0;
  }

  /** @param source the slab of which the bytes are part, or the bytes themselves */
  begin(writer: UnsentWriter, source: Slab | Buffer): void {
    this.#sources.set(writer, source);
    if (!(source instanceof Uint8Array)) {
      source.inFlight++;
      return;
    }
    const sharers = this.#copies.get(source) ?? 0;
    if (sharers === 0) this.#copiedBytes += source.buffer.byteLength;
    this.#copies.set(source, sharers + 1);
  }

  /** The bytes have gone. Does nothing when no write was under way. */
  end(writer: UnsentWriter): void {
    const source = this.#sources.get(writer);
    if (source === undefined) return;
    this.#sources.delete(writer);
    if (!(source instanceof Uint8Array)) {
      source.written();
      return;
    }
    const sharers = this.#copies.get(source) ?? 0;
    if (sharers > 1) this.#copies.set(source, sharers - 1);
    else if (this.#copies.delete(source)) this.#copiedBytes -= source.buffer.byteLength;
  }
}
