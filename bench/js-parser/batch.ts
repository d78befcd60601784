import { RECORD_WORDS } from '../../assembly/constants.js';
import { type Arena, ArenaRing, INPUT_BYTES, SLAB_START } from './arena.js';
import { type ChunkStream, PLACE_SIDE, PLACE_TAIL } from './chunk-stream.js';
import { writeContinuation, writeHeader } from './framing.js';
import { peeked, peekMedia } from './media-peek.js';
import { NO_FRAME, Timelines } from './timelines.js';

/** Messages of one batch; one more waits for the next call. */
export const MAX_RECORDS = 1024;
/** An arena with less room than this is changed between reads, when next to nothing has to be moved. */
const LOW_WATER = INPUT_BYTES + 8192;

/**
 * The framed messages of one read, and the place for the next one. The first unfinished message lies at the slab's
 * tail, where its bytes are already in place when it ends. One that starts meanwhile is gathered in its own side buffer
 * and costs a second copy. Fields are public for the parser's inner loop.
 */
export class FramedBatch {
  readonly #arenas: ArenaRing;
  readonly outChunkSize: number;
  arena: Arena;
  u8: Uint8Array;
  limit: number;
  tail: ChunkStream | undefined;
  start = SLAB_START;
  end = SLAB_START;
  count = 0;
  messageStreamId = 0;
  readonly timelines = new Timelines();
  /** Unread input, carried along when the arena changes: `[inputFrom, inputEnd)`. */
  inputFrom = 0;
  inputEnd = 0;
  /**
   * Eight words per message: type and flags, timestamp, its high word, payload bytes, offset, framed bytes, codec,
   * track.
   */
  readonly records = new Uint32Array(MAX_RECORDS * RECORD_WORDS);

  constructor(arenas: ArenaRing | undefined, outChunkSize: number) {
    this.#arenas = arenas ?? new ArenaRing(2 << 20, 2);
    this.outChunkSize = outChunkSize;
    this.arena = this.#arenas.take(0);
    this.u8 = this.arena.bytes;
    this.limit = this.u8.length;
  }

  /** Forgets the messages of the last read; their bytes stay where they are. */
  reset(): void {
    this.start = this.end;
    this.count = 0;
  }

  /** Changes the arena if the next read might not fit. Called between reads: only a message at the tail has to move. */
  makeRoom(): void {
    if (this.limit - this.#used() < LOW_WATER) this.#move(0);
  }

  /** Gives a media message its place and writes its outgoing header. */
  begin(cs: ChunkStream): void {
    this.timelines.next(cs);
    cs.outLeft = this.outChunkSize;
    if (this.tail === undefined) {
      if (this.end + 16 > this.limit) this.#move(cs.length);
      this.tail = cs;
      cs.place = PLACE_TAIL;
      cs.first = this.end;
      cs.write = writeHeader(this.u8, cs.first, cs);
      return;
    }
    cs.place = PLACE_SIDE;
    cs.first = 0;
    cs.write = 0;
    cs.reserve(16);
    cs.write = writeHeader(cs.side, 0, cs);
  }

  /**
   * The general copy of `count` input bytes at `from`: into a side buffer, over an outgoing chunk border, or at the
   * arena's end.
   */
  append(cs: ChunkStream, from: number, count: number): void {
    const framed = cs.type === 8 || cs.type === 9;
    let p = from;
    let n = count;
    while (n > 0) {
      if (cs.place === PLACE_TAIL && cs.write + n + 5 > this.limit) this.#move(n);
      else if (cs.place === PLACE_SIDE) cs.reserve(cs.write + n + 5);
      const to = cs.place === PLACE_TAIL ? this.u8 : cs.side;
      if (framed && cs.outLeft === 0) {
        cs.write = writeContinuation(to, cs.write, cs);
        cs.outLeft = this.outChunkSize;
      }
      const part = Math.min(n, cs.outLeft);
      if (cs.place === PLACE_TAIL) to.copyWithin(cs.write, p, p + part);
      else to.set(this.u8.subarray(p, p + part), cs.write);
      cs.write += part;
      cs.outLeft -= part;
      p += part;
      n -= part;
    }
  }

  /** Adds a finished media message to the batch and writes its record. */
  complete(cs: ChunkStream): void {
    const framed = cs.write - cs.first;
    if (cs.place === PLACE_SIDE) {
      if (this.tail !== undefined) this.#evict(this.tail);
      if (this.end + framed > this.limit) this.#move(framed);
      this.u8.set(cs.side.subarray(0, framed), this.end);
      cs.trim();
    } else {
      this.tail = undefined;
    }
    const at = this.end;
    const extended = cs.outTimestamp < 0 || cs.outTimestamp >= 0xffffff;
    peekMedia(this.u8, at + (extended ? 16 : 12), cs.length, cs.type);
    const { timelines } = this;
    if (timelines.currentId !== cs.messageStreamId || timelines.current?.runs === false || (peeked[0] & NO_FRAME) !== 0)
      timelines.complete(cs, peeked[0]);
    const records = this.records;
    const r = this.count * RECORD_WORDS;
    records[r] = cs.type | ((peeked[0] | cs.marks) << 8);
    records[r + 1] = cs.outTimestamp;
    records[r + 2] = cs.outHigh;
    records[r + 3] = cs.length;
    records[r + 4] = at - this.start;
    records[r + 5] = framed;
    records[r + 6] = peeked[1];
    records[r + 7] = peeked[2];
    this.messageStreamId = cs.messageStreamId;
    this.count++;
    this.end = at + framed;
  }

  /** Moves the message at the tail into its own buffer, so that one that finished first can go before it. */
  #evict(cs: ChunkStream): void {
    const framed = cs.write - cs.first;
    cs.write = 0;
    cs.reserve(framed + 16);
    cs.side.set(this.u8.subarray(cs.first, cs.first + framed));
    cs.place = PLACE_SIDE;
    cs.first = 0;
    cs.write = framed;
    this.tail = undefined;
  }

  #used(): number {
    return this.tail === undefined ? this.end : this.tail.write;
  }

  /** Takes the next arena and carries over unread input, the pending batch and the message at the tail. */
  #move(extra: number): void {
    const old = this.u8;
    const used = this.#used();
    const arena = this.#arenas.take(used - this.start + extra + LOW_WATER);
    const u8 = arena.bytes;
    u8.set(old.subarray(this.inputFrom, this.inputEnd), this.inputFrom);
    u8.set(old.subarray(this.start, used), SLAB_START);
    const by = SLAB_START - this.start;
    this.start += by;
    this.end += by;
    if (this.tail !== undefined) {
      this.tail.first += by;
      this.tail.write += by;
    }
    this.arena = arena;
    this.u8 = u8;
    this.limit = u8.length;
  }
}
