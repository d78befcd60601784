import {
  ERR_CHUNK_FRESH_HEADER,
  ERR_CHUNK_MEDIA_TOO_LONG,
  ERR_CHUNK_MESSAGE_TOO_LONG,
  ERR_CHUNK_MID_MESSAGE,
  ERR_CHUNK_PARTIAL_LIMIT,
  ERR_CHUNK_REASSEMBLY_LIMIT,
  ERR_CHUNK_SIZE_INVALID,
  ERR_CHUNK_SIZE_TOO_SMALL,
  ERR_CHUNK_STREAM_LIMIT,
  STATUS_MESSAGE,
  STATUS_MORE,
  STATUS_NEED_INPUT,
} from '../../assembly/constants.js';
import { type ArenaRing, HEADROOM, INPUT_BYTES } from './arena.js';
import { FramedBatch, MAX_RECORDS } from './batch.js';
import { ChunkStream, HEADER_BYTES, isWhole, PLACE_SIDE, PLACE_TAIL } from './chunk-stream.js';
import type { JsMessage } from './message.js';
import type { Timelines } from './timelines.js';

const MAX_LENGTH = 0xffffff;
/** Below this size a byte loop is faster than the call of `copyWithin`. */
const SHORT_COPY = 12;
/** Bounds and choices of one parser; the names and defaults of the WASM codec's limits. */
export interface JsParserOptions {
  readonly chunkSizeMin?: number;
  readonly chunkStreams?: number;
  readonly partialMessages?: number;
  readonly maxControlMessageBytes?: number;
  readonly maxMediaBytes?: number;
  readonly reassemblyBytes?: number;
  readonly outChunkSize?: number;
  readonly arenas?: ArenaRing;
}

/**
 * RTMP chunk parser in JavaScript, written to be as fast as possible: no object per chunk or message, int32 state, one
 * copy from the socket input into the framed batch. Same work and same call pattern as the WASM `ChunkCodec`: bytes in,
 * a framed batch for players plus records out, control messages returned one at a time (RTMP 1.0 §5.3; Set Chunk Size
 * and Abort are applied inside).
 */
export class JsChunkParser {
  readonly #table: (ChunkStream | undefined)[] = new Array(64).fill(undefined);
  readonly #wide = new Map<number, ChunkStream>();
  readonly #batch: FramedBatch;
  readonly #chunkSizeMin: number;
  readonly #maxChunkStreams: number;
  #maxPartials: number;
  readonly #maxControl: number;
  #maxMedia: number;
  #maxReassembly: number;
  #streams = 0;
  #partials = 0;
  #held = 0;
  #mediaTime = 0;
  #mediaHigh = 0;
  dropped = 0;
  #chunkSize = 128;
  #p = HEADROOM;
  #end = HEADROOM;
  #current: ChunkStream | undefined;
  #left = 0;
  #waiting: ChunkStream | undefined;
  #failed = 0;
  #message: JsMessage | undefined;
  constructor(options: JsParserOptions = {}) {
    this.#batch = new FramedBatch(options.arenas, options.outChunkSize ?? 60000);
    this.#chunkSizeMin = options.chunkSizeMin ?? 1;
    this.#maxChunkStreams = options.chunkStreams ?? 32;
    this.#maxPartials = options.partialMessages ?? 8;
    this.#maxControl = options.maxControlMessageBytes ?? 65536;
    this.#maxMedia = options.maxMediaBytes ?? 8 << 20;
    this.#maxReassembly = options.reassemblyBytes ?? 10 << 20;
  }

  /** @see FramedBatch.records */
  get records(): Uint32Array {
    return this.#batch.records;
  }

  /** Changes the bounds that differ for a publisher. */
  setBounds(bounds: { maxMediaBytes: number; partialMessages: number; reassemblyBytes: number }): void {
    this.#maxMedia = bounds.maxMediaBytes;
    this.#maxPartials = bounds.partialMessages;
    this.#maxReassembly = bounds.reassemblyBytes;
  }

  /** @see FramedBatch.timelines */
  get timelines(): Timelines {
    return this.#batch.timelines;
  }

  /** 64 KiB that the next read goes to. Ask again after each {@link takeBatch}: it moves with the arena. */
  get input(): Buffer {
    return this.#batch.arena.buffer.subarray(HEADROOM, HEADROOM + INPUT_BYTES);
  }

  get batchCount(): number {
    return this.#batch.count;
  }

  get batchBytes(): number {
    return this.#batch.end - this.#batch.start;
  }

  get batchMessageStreamId(): number {
    return this.#batch.messageStreamId;
  }

  /** The message after `STATUS_MESSAGE`. */
  get message(): JsMessage {
    return this.#message!;
  }

  /**
   * The framed batch of the last {@link next}, without a copy: the arena's slab is the pooled slab. Valid until the
   * arena ring comes round. Call at most once per `next`, before the following one.
   */
  takeBatch(): Buffer {
    const { arena, start, end } = this.#batch;
    const batch = arena.buffer.subarray(start, end);
    this.#batch.reset();
    if (this.#p === this.#end || this.#end === HEADROOM) this.#batch.makeRoom();
    return batch;
  }

  /**
   * Parses `input[start, end)`; `next(0, 0)` goes on after `Message` or `More`.
   * @returns a STATUS_* or a negative ERR_CHUNK_* of assembly/constants, after which the connection is to be closed.
   */
  next(start: number, end: number): number {
    if (this.#failed !== 0) return this.#failed;
    const batch = this.#batch;
    batch.reset();
    this.#message = undefined;
    if (end > start) {
      const left = this.#end - this.#p;
      const at = HEADROOM + start - left;
      if (left > 0 && at !== this.#p) batch.u8.copyWithin(at, this.#p, this.#end);
      this.#p = at;
      this.#end = HEADROOM + end;
    }
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      batch.inputFrom = this.#p;
      batch.inputEnd = this.#end;
      batch.complete(waiting);
      this.#release(waiting);
    }
    const status = this.#run();
    if (status < 0) {
      this.#failed = status;
    } else if (status === STATUS_NEED_INPUT) {
      this.#stash();
    }
    return this.#failed === 0 ? status : this.#failed;
  }

  #stash(): void {
    const left = this.#end - this.#p;
    if (left > 0) this.#batch.u8.copyWithin(HEADROOM - left, this.#p, this.#end);
    this.#p = HEADROOM - left;
    this.#end = HEADROOM;
    this.#batch.inputFrom = this.#p;
    this.#batch.inputEnd = HEADROOM;
  }

  #run(): number {
    const batch = this.#batch;
    let u8 = batch.u8;
    let p = this.#p;
    const end = this.#end;
    batch.inputEnd = end;
    const table = this.#table;
    let cs = this.#current;
    let left = this.#left;
    let status: number = STATUS_NEED_INPUT;
    for (;;) {
      if (cs === undefined) {
        if (p >= end) break;
        const b0 = u8[p];
        const fmt = b0 >> 6;
        let csid = b0 & 63;
        let h = p + 1;
        if (csid < 2) {
          if (end - p < csid + 2) break;
          csid = csid === 0 ? 64 + u8[p + 1] : 64 + u8[p + 1] + (u8[p + 2] << 8);
          h = p + 2 + (b0 & 1);
          cs = this.#wide.get(csid);
        } else {
          cs = table[csid];
        }
        if (cs === undefined) {
          if (fmt > 1) {
            status = ERR_CHUNK_FRESH_HEADER;
            break;
          }
          if (!isWhole(u8, h, end, fmt)) break;
          if (this.#streams >= this.#maxChunkStreams) {
            status = ERR_CHUNK_STREAM_LIMIT;
            break;
          }
          cs = this.#open(csid);
        }
        if (fmt === 3) {
          if (cs.extended) {
            if (end - h < 4) {
              cs = undefined;
              break;
            }
            const again = (u8[h] << 24) | (u8[h + 1] << 16) | (u8[h + 2] << 8) | u8[h + 3];
            if (again === cs.raw || again === cs.timestamp) h += 4;
          }
        } else {
          if (cs.got >= 0) {
            status = ERR_CHUNK_MID_MESSAGE;
            break;
          }
          const n = HEADER_BYTES[fmt];
          if (end - h < n) {
            cs = undefined;
            break;
          }
          const field = (u8[h] << 16) | (u8[h + 1] << 8) | u8[h + 2];
          let raw = field;
          let after = h + n;
          if (field === 0xffffff) {
            if (end - after < 4) {
              cs = undefined;
              break;
            }
            raw = (u8[after] << 24) | (u8[after + 1] << 16) | (u8[after + 2] << 8) | u8[after + 3];
            after += 4;
          }
          cs.extended = field === 0xffffff;
          cs.raw = raw;
          cs.delta = raw;
          if (fmt < 2) {
            cs.length = (u8[h + 3] << 16) | (u8[h + 4] << 8) | u8[h + 5];
            cs.type = u8[h + 6];
            if (fmt === 0) cs.messageStreamId = u8[h + 7] | (u8[h + 8] << 8) | (u8[h + 9] << 16) | (u8[h + 10] << 24);
          }
          h = after;
        }
        p = h;
        if (cs.got < 0) {
          batch.inputFrom = p;
          const failed = this.#begin(cs, fmt === 0);
          u8 = batch.u8;
          if (failed !== 0) {
            status = failed;
            break;
          }
        }
        left = cs.length - cs.got;
        if (left > this.#chunkSize) left = this.#chunkSize;
        this.#held += left;
        if (this.#held > this.#maxReassembly) {
          status = ERR_CHUNK_REASSEMBLY_LIMIT;
          break;
        }
      }

      let n = left;
      if (n > end - p) n = end - p;
      if (cs.place === PLACE_TAIL && n <= cs.outLeft && cs.write + n <= batch.limit) {
        const to = cs.write;
        if (n > SHORT_COPY) u8.copyWithin(to, p, p + n);
        else for (let i = 0; i < n; i++) u8[to + i] = u8[p + i];
        cs.write = to + n;
        cs.outLeft -= n;
      } else if (n > 0) {
        batch.inputFrom = p;
        batch.append(cs, p, n);
        u8 = batch.u8;
      }
      p += n;
      left -= n;
      cs.got += n;
      if (left > 0) break;
      if (cs.got < cs.length) {
        cs = undefined;
        continue;
      }
      const done: ChunkStream = cs;
      cs = undefined;
      if (done.type === 8 || done.type === 9) {
        if (batch.count > 0 && done.messageStreamId !== batch.messageStreamId) {
          this.#waiting = done;
          status = STATUS_MORE;
          break;
        }
        batch.inputFrom = p;
        batch.complete(done);
        this.#release(done);
        u8 = batch.u8;
        if (batch.count === MAX_RECORDS) {
          status = STATUS_MORE;
          break;
        }
        continue;
      }
      status = this.#completeOther(done);
      if (status !== STATUS_NEED_INPUT) break;
    }
    this.#current = cs;
    this.#left = left;
    this.#p = p;
    return status;
  }

  #open(csid: number): ChunkStream {
    const cs = new ChunkStream(csid);
    if (csid < 64) this.#table[csid] = cs;
    else this.#wide.set(csid, cs);
    this.#streams++;
    return cs;
  }

  /** Starts a message: its time, its bounds, its place, its outgoing header. Returns 0 or an error. */
  #begin(cs: ChunkStream, absolute: boolean): number {
    const length = cs.length;
    const media = cs.type === 8 || cs.type === 9;
    if (length > (media ? this.#maxMedia : this.#maxControl)) {
      return media ? ERR_CHUNK_MEDIA_TOO_LONG : ERR_CHUNK_MESSAGE_TOO_LONG;
    }
    if (length > 0 && ++this.#partials > this.#maxPartials) return ERR_CHUNK_PARTIAL_LIMIT;
    if (!cs.started) {
      cs.timestamp = this.#mediaTime;
      cs.high = this.#mediaHigh;
      cs.started = true;
      absolute = true;
    }
    const before = cs.timestamp;
    const now = absolute ? cs.raw : (before + cs.delta) | 0;
    // Serial arithmetic: the difference as int32, carried into the high word, which never falls below zero.
    const step = (now - before) | 0;
    if (step >= 0 && now >>> 0 < before >>> 0) cs.high++;
    else if (step < 0 && now >>> 0 > before >>> 0 && cs.high > 0) cs.high--;
    cs.timestamp = now;
    cs.got = 0;
    if (!media) {
      cs.place = PLACE_SIDE;
      cs.first = 0;
      cs.write = 0;
      cs.outLeft = MAX_LENGTH;
      return 0;
    }
    this.#mediaTime = now;
    this.#mediaHigh = cs.high;
    this.#batch.begin(cs);
    return 0;
  }

  #release(cs: ChunkStream): void {
    this.#held -= cs.got;
    if (cs.length > 0) this.#partials--;
    cs.got = -1;
  }

  #completeOther(cs: ChunkStream): number {
    const payload = cs.side.subarray(0, cs.write);
    const { type, length } = cs;
    this.#release(cs);
    if (type === 1 || type === 2) {
      if (length < 4) return STATUS_NEED_INPUT;
      const value = (payload[0] << 24) | (payload[1] << 16) | (payload[2] << 8) | payload[3];
      if (type === 2) {
        this.#abort(value >>> 0);
        return STATUS_NEED_INPUT;
      }
      if (value <= 0) return ERR_CHUNK_SIZE_INVALID;
      if (value < this.#chunkSizeMin) return ERR_CHUNK_SIZE_TOO_SMALL;
      this.#chunkSize = Math.min(value, MAX_LENGTH);
      return STATUS_NEED_INPUT;
    }
    // These are surfaced: acknowledgement, user control, windows, data, shared objects, commands. Aggregates are left
    // out, since no bench sends them; anything else is no message type.
    if (!((type >= 3 && type <= 6) || (type >= 15 && type <= 20))) {
      this.dropped++;
      return STATUS_NEED_INPUT;
    }
    this.#message = {
      type,
      timestamp: cs.timestamp >>> 0,
      messageStreamId: cs.messageStreamId >>> 0,
      chunkStreamId: cs.csid,
      payload,
    };
    return STATUS_MESSAGE;
  }

  #abort(csid: number): void {
    const cs = csid < 64 ? this.#table[csid] : this.#wide.get(csid);
    if (cs === undefined || cs.got < 0) return;
    if (this.#batch.tail === cs) this.#batch.tail = undefined;
    this.#release(cs);
  }
}
