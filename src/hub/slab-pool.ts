/** Smallest and largest slab, in bytes. Below 64 KiB a slab would hold less than one socket read. */
export const MIN_SLAB_BYTES = 65_536;
export const MAX_SLAB_BYTES = 1_048_576;

/** How much free memory the pool keeps for the next stream; what is above goes back to the allocator. */
const MAX_POOLED_BYTES = 33_554_432;

/**
 * A stretch of a stream's log: `buffer[0, used)` holds the log positions `[start, start + used)`. Written once, then immutable and
 * shared by every player that sends from it.
 */
export class Slab {
  readonly buffer: Buffer;
  /** Log position of `buffer[0]`. */
  start = 0;
  /** Bytes written. */
  used = 0;
  /** Writes to sockets that the kernel has not taken in full: while above 0 the bytes must stay as they are. */
  inFlight = 0;

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafeSlow(bytes);
  }

  /** Log position one past the last byte. */
  get end(): number {
    return this.start + this.used;
  }
}

/**
 * Free slabs by size. A slab comes back only when nobody can read it any more ({@link SlabPool.release} checks `inFlight`);
 * one that is still being sent is left to the garbage collector instead.
 */
export class SlabPool {
  readonly #free = new Map<number, Slab[]>();
  #pooledBytes = 0;

  /** A slab with room for at least `bytes`; its first byte will stand for log position `start`. */
  acquire(bytes: number, start: number): Slab {
    const size = slabSize(bytes);
    const reused = this.#free.get(size)?.pop();
    if (reused === undefined) {
      const fresh = new Slab(size);
      fresh.start = start;
      return fresh;
    }
    this.#pooledBytes -= size;
    reused.start = start;
    reused.used = 0;
    return reused;
  }

  /** Takes a slab back that has left its log. The caller forgets it. */
  release(slab: Slab): void {
    const size = slab.buffer.length;
    if (slab.inFlight > 0 || size > MAX_SLAB_BYTES || this.#pooledBytes + size > MAX_POOLED_BYTES) return;
    const list = this.#free.get(size);
    if (list === undefined) this.#free.set(size, [slab]);
    else list.push(slab);
    this.#pooledBytes += size;
  }

  /** Bytes of free slabs kept. */
  get pooledBytes(): number {
    return this.#pooledBytes;
  }
}

/** The slab size for a request: the power of two at or above it, within the bounds; a larger single batch gets exactly its size. */
function slabSize(bytes: number): number {
  if (bytes > MAX_SLAB_BYTES) return bytes;
  let size = MIN_SLAB_BYTES;
  while (size < bytes) size *= 2;
  return size;
}
