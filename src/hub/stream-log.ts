import type { SlabArea } from '../wasm/slab-area.js';
import { MAX_SLAB_BYTES, MIN_SLAB_BYTES, type Slab, type SlabPool } from './slab-pool.js';

/**
 * A new slab is as large as this time of media, in ms: few slabs to cross, and little memory that is held past its use.
 */
const SLAB_LASTS_MS = 400;

/**
 * The bytes of one publication, as every player gets them: whole chunk-framed messages, appended once, addressed by a
 * position that only grows. Players are cursors into it, so a slow player costs a number, not a queue.
 *
 * ```text
 *   retained from                                    overlap          head
 *        │ slab 0                │ slab 1               ┌──┴──┐ slab 2  │
 *        ▼───────────────────────▼──────────────────────▼─────▼─────────▼
 *                ▲ GOP start          ▲ slow player            ▲ players at the edge
 * ```
 *
 * A new slab begins with a copy of the bytes that most players have yet to send (`overlapFrom`), so that their next
 * write is one piece.
 */
export class StreamLog {
  readonly #pool: SlabPool;
  readonly #slabs: Slab[] = [];
  /** The newest of the slabs. It is read with every batch, of hundreds of streams in turn. */
  #last: Slab | undefined;
  #area: SlabArea | undefined;
  /** Whether the newest slab takes nothing more, because it belongs to another memory than the bytes that come next. */
  #sealed = false;
  #head = 0;
  #heldBytes = 0;
  #slabBytes = MIN_SLAB_BYTES;
  #lastSlabAtMs = 0;
  #viewSlab: Slab | undefined;
  #viewFrom = -1;
  #viewTo = -1;
  #view: Buffer = Buffer.alloc(0);

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /**
   * Linear memory from which new slabs are taken while there is room. Setting it makes the next bytes begin a slab
   * there.
   */
  get area(): SlabArea | undefined {
    return this.#area;
  }

  set area(area: SlabArea | undefined) {
    this.#area = area;
    this.#sealed = true;
  }

  /** Position one past the newest byte. */
  get head(): number {
    return this.#head;
  }

  /** Oldest position that can still be read. */
  get tail(): number {
    return this.#slabs.length === 0 ? this.#head : this.#slabs[0].start;
  }

  /** Bytes of media held. The part of a slab that was never written costs no memory and does not count. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The slab that is being written, if there is one. */
  get last(): Slab | undefined {
    return this.#last;
  }

  /** Whether {@link reserve} for this many bytes would begin a new slab, which is the moment to {@link trim}. */
  needsSlab(bytes: number): boolean {
    const last = this.#last;
    return last === undefined || this.#sealed || last.buffer.length - last.used < bytes;
  }

  /**
   * The slab that takes the next `bytes` at `buffer[used]`. The caller writes them there, then calls {@link commit}.
   *
   * @param overlapFrom the position from which most players will send next; at most half a slab is copied into the new
   *   one
   */
  reserve(bytes: number, overlapFrom: number, nowMs: number): Slab {
    const last = this.#last;
    if (last !== undefined && !this.needsSlab(bytes)) return last;
    this.#resize(nowMs);
    const from = last === undefined ? this.#head : Math.max(overlapFrom, last.start, this.#head - this.#slabBytes / 2);
    const carried = this.#head - from;
    const slab = this.#pool.acquire(Math.max(this.#slabBytes, bytes + carried), from, this.#area);
    if (carried > 0 && last !== undefined) {
      // Slabs may be in shared memory, where only `fill` is a plain memory copy.
      slab.buffer.fill(last.buffer.subarray(from - last.start, this.#head - last.start), 0, carried);
      slab.used = carried;
      this.#heldBytes += carried;
    }
    this.#slabs.push(slab);
    this.#last = slab;
    this.#sealed = false;
    return slab;
  }

  /** Makes `bytes` that were written into the reserved slab part of the log. */
  commit(bytes: number): void {
    const slab = this.#last!;
    slab.used += bytes;
    this.#head += bytes;
    this.#heldBytes += bytes;
  }

  /** The newest slab that holds position `position`, or undefined when the log no longer has it. */
  slabAt(position: number): Slab | undefined {
    for (let i = this.#slabs.length - 1; i >= 0; i--) {
      if (this.#slabs[i].start <= position) return this.#slabs[i];
    }
    return undefined;
  }

  /**
   * The bytes from `position` to the end of `slab` as one immutable shared Buffer. Players at the same position get the
   * same object.
   */
  view(slab: Slab, position: number): Buffer {
    const to = slab.end;
    if (this.#viewSlab !== slab || this.#viewFrom !== position || this.#viewTo !== to) {
      this.#viewSlab = slab;
      this.#viewFrom = position;
      this.#viewTo = to;
      this.#view = slab.buffer.subarray(position - slab.start, slab.used);
    }
    return this.#view;
  }

  /** Drops every slab that ends at or before `position`. The newest stays. */
  trim(position: number): void {
    let drop = 0;
    while (drop < this.#slabs.length - 1 && this.#slabs[drop].end <= position) drop++;
    for (const slab of this.#slabs.splice(0, drop)) this.#release(slab);
  }

  /** Drops everything. Writes in flight keep their own slabs. */
  close(): void {
    this.#last = undefined;
    for (const slab of this.#slabs.splice(0)) this.#release(slab);
  }

  #release(slab: Slab): void {
    if (this.#viewSlab === slab) {
      this.#viewSlab = undefined;
      this.#view = Buffer.alloc(0);
    }
    this.#heldBytes -= slab.used;
    this.#pool.release(slab);
  }

  #resize(nowMs: number): void {
    const lastedMs = nowMs - this.#lastSlabAtMs;
    if (this.#lastSlabAtMs > 0) {
      if (lastedMs < SLAB_LASTS_MS / 2) this.#slabBytes = Math.min(this.#slabBytes * 2, MAX_SLAB_BYTES);
      else if (lastedMs > SLAB_LASTS_MS * 4) this.#slabBytes = Math.max(this.#slabBytes / 2, MIN_SLAB_BYTES);
    }
    this.#lastSlabAtMs = nowMs;
  }
}
