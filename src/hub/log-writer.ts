import { BATCH_ADDRESS } from '../../assembly/constants.js';
import type { FrameTarget } from '../wasm/chunk-codec.js';
import type { MediaBatch, SlabCodec } from './media-batch.js';
import type { Slab, SlabPool } from './slab-pool.js';
import { StreamLog } from './stream-log.js';

/**
 * The writing end of a stream's log. Media comes framed in the log already, by a codec that is aimed behind the log's
 * end, or it is copied there. Whatever else is written there (metadata, copied batches) is preceded by telling the
 * codec, which moves an unfinished message away.
 */
export class LogWriter implements FrameTarget {
  readonly log: StreamLog;
  readonly #trim: () => number;
  /** The codec that frames into the log's slabs, if there is one. */
  #codec: SlabCodec | undefined;
  /** Whether nothing was written behind the log's end since the codec was told where that is. */
  #aimed = true;
  #lastMs: number;

  /**
   * @param trim called before each new slab: drops what is no longer needed, and returns the log position from which
   *   most players will send next; a new slab begins with the bytes behind it
   * @param nowMs monotonic time
   */
  constructor(pool: SlabPool, trim: () => number, nowMs: number) {
    this.log = new StreamLog(pool);
    this.#trim = trim;
    this.#lastMs = nowMs;
  }

  /**
   * Has `codec` frame media straight into the log: its slabs become part of the codec's memory. A codec frames for one
   * log at a time; another's media is copied.
   */
  frameFrom(codec: SlabCodec): void {
    this.letCodecGo();
    if (codec.slabs === undefined || codec.target !== undefined) return;
    codec.target = this;
    this.#codec = codec;
    this.log.area = codec.slabs;
  }

  /** Ends what {@link frameFrom} began: the codec writes nothing more where players read. What is in the log stays. */
  letCodecGo(): void {
    const codec = this.#codec;
    if (codec === undefined) return;
    this.#codec = undefined;
    this.log.area = undefined;
    codec.target = undefined;
    codec.aim(0, 0);
  }

  makeRoom(bytes: number): void {
    this.#aim(this.#reserve(bytes, this.#lastMs));
  }

  /**
   * Puts a batch of `bytes` behind the log's end, where it may be already. @returns the slab that it is in, at `used`;
   * {@link commit} follows
   */
  place(batch: MediaBatch, bytes: number, nowMs: number): Slab {
    this.#lastMs = nowMs;
    return this.#inPlace(batch) ?? this.#copyIn(batch, bytes, nowMs);
  }

  /** Makes what was placed in `slab` part of the log. */
  commit(slab: Slab, bytes: number): void {
    this.log.commit(bytes);
    if (!this.#aimed) this.#aim(slab);
  }

  /** Adds a message of our own, framed as players get it. */
  add(framed: Buffer, nowMs: number): void {
    this.#lastMs = nowMs;
    const slab = this.#clearTail(framed.length, nowMs);
    framed.copy(slab.buffer, slab.used);
    this.log.commit(framed.length);
    this.#aim(slab);
  }

  /** The slab of which a batch is part already, right behind the log's end. */
  #inPlace(batch: MediaBatch): Slab | undefined {
    const address = batch.header[BATCH_ADDRESS];
    if (address === 0 || batch !== this.#codec) return undefined;
    const slab = this.log.last;
    return slab !== undefined && slab.address !== 0 && slab.address + slab.used === address ? slab : undefined;
  }

  #copyIn(batch: MediaBatch, bytes: number, nowMs: number): Slab {
    const slab = this.#clearTail(bytes, nowMs);
    const from = batch.header[BATCH_ADDRESS] - slab.address;
    // The batch was framed here, but behind media of other streams of the connection: the two places may overlap.
    const here = batch === this.#codec && slab.address > 0 && from >= 0 && from < slab.buffer.length;
    if (here) slab.buffer.copyWithin(slab.used, from, from + bytes);
    else batch.copyBatch(slab.buffer, slab.used);
    return slab;
  }

  /** Makes room for `bytes` behind the log's end, with nothing of the codec's in it. */
  #clearTail(bytes: number, nowMs: number): Slab {
    this.#codec?.aim(0, 0);
    this.#aimed = this.#codec === undefined;
    return this.#reserve(bytes, nowMs);
  }

  /** Lets the codec frame what comes next behind the log's end, when that lies in its own memory. */
  #aim(slab: Slab): void {
    this.#aimed = true;
    if (slab.address === 0) return;
    this.#codec?.aim(slab.address + slab.used, slab.address + slab.buffer.length);
  }

  #reserve(bytes: number, nowMs: number): Slab {
    const overlapFrom = this.log.needsSlab(bytes) ? this.#trim() : this.log.head;
    return this.log.reserve(bytes, overlapFrom, nowMs);
  }
}
