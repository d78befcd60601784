import type { Region, SlabArea } from '../wasm/slab-area.js';

/** Smallest and largest slab, in bytes. Below 64 KiB a slab would hold less than one socket read. */
export const MIN_SLAB_BYTES = 65_536;
export const MAX_SLAB_BYTES = 1_048_576;

/**
 * Free memory that was not needed for this long is given back to the allocator, in ms. It is longer than the GOPs of
 * encoders.
 */
const SURPLUS_AFTER_MS = 10_000;

/**
 * A piece of a stream's log: `buffer[0, used)` holds the log positions `[start, start + used)`. It is written once,
 * then immutable and shared by every player that sends from it.
 */
export class Slab {
  readonly buffer: Buffer;
  /** Log position of `buffer[0]`. */
  start = 0;
  /** Bytes written. */
  used = 0;
  /** Writes to sockets that the kernel has not taken in full. While above 0, the bytes must stay as they are. */
  inFlight = 0;
  /** Its address in the publisher's linear memory; 0: it is on the heap. */
  readonly address: number;
  #lease: { readonly region: Region; readonly area: SlabArea } | undefined;
  #retired = false;
  #gone: () => void = () => {};

  /**
   * @param of bytes to allocate, or a region of `area` that goes back there once the slab is retired and nothing is in
   *   flight
   */
  constructor(of: number | Region, area?: SlabArea) {
    if (typeof of === 'number') {
      this.buffer = Buffer.allocUnsafeSlow(of);
      this.address = 0;
      return;
    }
    this.buffer = of.buffer;
    this.address = of.address;
    if (area !== undefined) this.#lease = { region: of, area };
  }

  /** Makes it empty, beginning at log position `start`. */
  reuse(start: number): void {
    this.#retired = false;
    this.start = start;
    this.used = 0;
  }

  /** Whether the log has dropped it. */
  get retired(): boolean {
    return this.#retired;
  }

  /** A write that was in flight is done, or its socket is closed. */
  written(): void {
    this.inFlight--;
    if (this.#retired) this.#giveBack();
  }

  /**
   * The log has dropped it, so no player can find it any more. Linear memory goes back when the last write is done.
   *
   * @param gone called then, or at once
   */
  retire(gone: () => void = () => {}): void {
    this.#retired = true;
    this.#gone = gone;
    this.#giveBack();
  }

  #giveBack(): void {
    if (this.inFlight > 0) return;
    this.#gone();
    this.#gone = () => {};
    if (this.#lease === undefined) return;
    const { region, area } = this.#lease;
    this.#lease = undefined;
    area.release(region);
  }

  /** Log position one past the last byte. */
  get end(): number {
    return this.start + this.used;
  }
}

/**
 * Free slabs by size. A slab comes back only when it cannot be read any more ({@link SlabPool.release} checks
 * `inFlight`); one that is still being sent is left to the garbage collector. There is no cap: many streams drop their
 * GOPs at once and want the same memory again within seconds, and fresh memory costs page faults and major collections.
 * Memory that is unused for ten seconds is freed by {@link SlabPool.tick}. Slabs of linear memory never come here: they
 * go back to the memory of which they are part.
 */
export class SlabPool {
  readonly #free = new Map<number, Slab[]>();
  #pooledBytes = 0;
  #inFlightBytes = 0;
  /** The least that was pooled since {@link #sinceMs}, which is memory that was not needed. */
  #leastPooledBytes = 0;
  #sinceMs = 0;

  /**
   * A slab with room for at least `bytes`. Its first byte is at log position `start`.
   *
   * @param area linear memory from which it is taken while there is room
   */
  acquire(bytes: number, start: number, area?: SlabArea): Slab {
    const size = slabSize(bytes);
    const region = area?.acquire(size);
    if (region !== undefined) {
      const slab = new Slab(region, area);
      slab.reuse(start);
      return slab;
    }
    const reused = this.#free.get(size)?.pop();
    if (reused === undefined) {
      const fresh = new Slab(size);
      fresh.reuse(start);
      return fresh;
    }
    this.#pooledBytes -= size;
    this.#leastPooledBytes = Math.min(this.#leastPooledBytes, this.#pooledBytes);
    reused.reuse(start);
    return reused;
  }

  /** Takes back a slab that has left its log. The caller must not use it any more. */
  release(slab: Slab): void {
    const { used } = slab;
    this.#inFlightBytes += used;
    slab.retire(() => {
      this.#inFlightBytes -= used;
    });
    if (slab.address !== 0) return;
    const size = slab.buffer.length;
    if (slab.inFlight > 0 || size > MAX_SLAB_BYTES) return;
    const list = this.#free.get(size);
    if (list === undefined) this.#free.set(size, [slab]);
    else list.push(slab);
    this.#pooledBytes += size;
  }

  /** Frees what was not needed for a while. Call it a few times a second. */
  tick(nowMs: number): void {
    if (nowMs - this.#sinceMs < SURPLUS_AFTER_MS) return;
    const keepBytes = this.#pooledBytes - this.#leastPooledBytes;
    for (const [size, slabs] of this.#free) {
      while (slabs.length > 0 && this.#pooledBytes > keepBytes) {
        slabs.pop();
        this.#pooledBytes -= size;
      }
    }
    this.#leastPooledBytes = this.#pooledBytes;
    this.#sinceMs = nowMs;
  }

  /** Drops all free slabs. @returns their bytes */
  clear(): number {
    const freed = this.#pooledBytes;
    this.#free.clear();
    this.#pooledBytes = 0;
    this.#leastPooledBytes = 0;
    return freed;
  }

  /** Bytes of slabs that have left their log and are still being sent. */
  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** Bytes of free slabs kept. */
  get pooledBytes(): number {
    return this.#pooledBytes;
  }
}

/**
 * The slab size for a request: the power of two at or above it, within the bounds. A larger single batch gets exactly
 * its size.
 */
function slabSize(bytes: number): number {
  if (bytes > MAX_SLAB_BYTES) return bytes;
  let size = MIN_SLAB_BYTES;
  while (size < bytes) size *= 2;
  return size;
}
