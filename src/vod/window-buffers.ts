/** Bytes of a buffer: a window of media, its headers, and a last message that is a little larger. */
const BUFFER_BYTES = 131_072;
/** Free buffers that are kept. Most writes are taken at once, so that one buffer does for nearly all players. */
const KEPT = 16;

/**
 * Buffers in which windows are framed, used again as soon as their bytes have gone. A new one for each window would
 * make the garbage collector the largest cost of a play.
 */
export class WindowBuffers {
  readonly #free: Buffer[] = [];

  /** A buffer of at least so many bytes; the caller's until it is given back, which may never be. */
  take(bytes: number): Buffer {
    if (bytes > BUFFER_BYTES) return Buffer.allocUnsafeSlow(bytes);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  /** Nobody reads the bytes of a buffer any more. */
  give(buffer: Buffer): void {
    if (buffer.length === BUFFER_BYTES && this.#free.length < KEPT) this.#free.push(buffer);
  }
}
