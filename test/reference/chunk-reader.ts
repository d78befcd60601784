import * as C from '../../assembly/constants.js';
import type { CodecLimits } from '../../src/wasm/limits.js';
import { frameForPlayers } from './framer.js';
import { inspect, type MediaFacts } from './media.js';
import { ReferenceTimelines } from './timelines.js';

/** One complete message as both implementations report it. Media has `framed` and `facts`. */
export interface ReadMessage {
  readonly type: number;
  readonly messageStreamId: number;
  /** Media: 64-bit unwrapped; others: low 32 bits. */
  readonly timestamp: number;
  readonly payload: Buffer;
  readonly chunkStreamId?: number;
  readonly framed?: Buffer;
  readonly facts?: MediaFacts;
}

interface ChunkStream {
  ext: boolean;
  raw: number;
  delta: number;
  timestamp: number;
  length: number;
  type: number;
  messageStreamId: number;
  parts: Buffer[];
  got: number;
  /** Media: the timestamp for players. */
  outgoing: number;
  jumped: boolean;
}

interface Header {
  readonly bytes: number;
  readonly state: ChunkStream;
  readonly begins: boolean;
}

const WRAP = 2 ** 32;
const SURFACED = new Set([3, 4, 5, 6, 15, 16, 17, 18, 19, 20]);

/** One FLV tag of an aggregate that is passed on; `delta` is the time since the one before it. */
interface Part {
  readonly type: number;
  readonly delta: number;
  readonly payload: Buffer;
}

/** The audio, video and data in an aggregate, up to a tag that is cut off. */
export function partsOf(aggregate: Buffer): Part[] {
  const parts: Part[] = [];
  let time: number | undefined;
  for (let at = 0; at + 11 <= aggregate.length; ) {
    const size = aggregate.readUIntBE(at + 1, 3);
    if (at + 11 + size > aggregate.length) break;
    const type = aggregate[at];
    const stamp = aggregate.readUIntBE(at + 4, 3) + aggregate[at + 7] * 2 ** 24;
    time ??= stamp;
    if ([8, 9, 15, 18].includes(type)) {
      const delta = (stamp - time + WRAP) % WRAP;
      parts.push({ type, delta, payload: aggregate.subarray(at + 11, at + 11 + size) });
      time = stamp;
    }
    at += 11 + size + 4;
  }
  return parts;
}

/** The time nearest to `base` with these low 32 bits, never negative. */
function unwrap(base: number, raw: number): number {
  const low = base % WRAP;
  let difference = raw - low;
  if (difference >= WRAP / 2) difference -= WRAP;
  if (difference < -WRAP / 2) difference += WRAP;
  const timestamp = base + difference;
  return timestamp < 0 ? timestamp + WRAP : timestamp;
}

/**
 * The chunk stream reader of RTMP 1.0 §5.3, written as simply as possible: all unread bytes are in one Buffer, and a
 * chunk is taken only when all of it is there. It is the oracle for the WASM module and shares no code with it.
 */
export class ReferenceChunkReader {
  readonly messages: ReadMessage[] = [];
  /** The negative code that ended reading; 0 while all is well. */
  error = 0;
  dropped = 0;
  readonly timelines = new ReferenceTimelines();
  readonly #limits: CodecLimits;
  readonly #streams = new Map<number, ChunkStream>();
  #unread: Buffer = Buffer.alloc(0);
  #chunkSize = 128;
  #lastMedia: number | undefined;
  #publishing: boolean;

  constructor(limits: CodecLimits, publishing: boolean) {
    this.#limits = limits;
    this.#publishing = publishing;
  }

  /** Takes in bytes; complete messages are appended to `messages`. */
  push(bytes: Uint8Array): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    while (this.error === 0 && this.#readChunk());
  }

  get #held(): number {
    let sum = 0;
    for (const stream of this.#streams.values()) sum += stream.got;
    return sum;
  }

  #fail(code: number): boolean {
    this.error = code;
    return false;
  }

  /** Reads one chunk; false when more bytes are needed or an error was found. */
  #readChunk(): boolean {
    const b = this.#unread;
    if (b.length === 0) return false;
    const fmt = b[0] >> 6;
    const short = b[0] & 63;
    const basic = short === 0 ? 2 : short === 1 ? 3 : 1;
    if (b.length < basic) return false;
    const csid = short === 0 ? 64 + b[1] : short === 1 ? 64 + b.readUInt16LE(1) : short;
    const old = this.#streams.get(csid);
    const header = fmt === 3 ? this.#continuation(old, basic) : this.#fresh(old, fmt, basic);
    if (header === undefined) return false;
    const { state } = header;
    const left = Math.min(state.length - state.got, this.#chunkSize);
    if (header.begins) {
      const media = state.type === 8 || state.type === 9;
      if (media && this.#isTooLong(state.length)) return this.#fail(C.ERR_CHUNK_MEDIA_TOO_LONG);
      if (!media && state.length > this.#limits.maxControlMessageBytes) return this.#fail(C.ERR_CHUNK_MESSAGE_TOO_LONG);
      const unfinished = [...this.#streams.values()].filter((s) => s.got > 0).length;
      if (state.length > 0 && unfinished >= this.#limits.partialMessages) return this.#fail(C.ERR_CHUNK_PARTIAL_LIMIT);
    }
    if (this.#held + left > this.#limits.reassemblyBytes) return this.#fail(C.ERR_CHUNK_REASSEMBLY_LIMIT);
    if (b.length < header.bytes + left) return false;

    this.#streams.set(csid, state);
    state.parts.push(Buffer.from(b.subarray(header.bytes, header.bytes + left)));
    state.got += left;
    this.#unread = b.subarray(header.bytes + left);
    if (header.begins && (state.type === 8 || state.type === 9)) this.#begin(csid, state);
    if (state.got < state.length) return true;
    const payload = Buffer.concat(state.parts);
    state.parts = [];
    state.got = 0;
    return this.#complete(csid, state, payload);
  }

  #isTooLong(mediaBytes: number): boolean {
    const { maxMediaBytes, maxMediaBytesBeforePublish } = this.#limits;
    return mediaBytes > (this.#publishing ? maxMediaBytes : maxMediaBytesBeforePublish);
  }

  /** A media message begins. */
  #begin(csid: number, state: ChunkStream): void {
    this.#lastMedia = state.timestamp;
    const { timestamp, jumped } = this.timelines.next(csid, state.messageStreamId, state.type, state.timestamp);
    state.outgoing = timestamp;
    state.jumped = jumped;
  }

  #continuation(old: ChunkStream | undefined, basic: number): Header | undefined {
    if (old === undefined) {
      this.#fail(C.ERR_CHUNK_FRESH_HEADER);
      return undefined;
    }
    let bytes = basic;
    if (old.ext) {
      if (this.#unread.length < basic + 4) return undefined;
      const value = this.#unread.readUInt32BE(basic);
      if (value === old.raw || value === old.timestamp % WRAP) bytes += 4;
    }
    if (old.got > 0) return { bytes, state: old, begins: false };
    return { bytes, begins: true, state: { ...old, timestamp: this.#add(old.timestamp, old.delta), parts: [] } };
  }

  #add(timestamp: number, delta: number): number {
    const next = timestamp + (delta >= WRAP / 2 ? delta - WRAP : delta);
    return next < 0 ? next + WRAP : next;
  }

  #fresh(old: ChunkStream | undefined, fmt: number, basic: number): Header | undefined {
    const b = this.#unread;
    if (old !== undefined && old.got > 0) {
      this.#fail(C.ERR_CHUNK_MID_MESSAGE);
      return undefined;
    }
    if (old === undefined && fmt === 2) {
      this.#fail(C.ERR_CHUNK_FRESH_HEADER);
      return undefined;
    }
    const size = [11, 7, 3][fmt];
    if (b.length < basic + size) return undefined;
    const field = b.readUIntBE(basic, 3);
    const ext = field === 0xffffff;
    const bytes = basic + size + (ext ? 4 : 0);
    if (b.length < bytes) return undefined;
    if (old === undefined && this.#streams.size >= this.#limits.chunkStreams) {
      this.#fail(C.ERR_CHUNK_STREAM_LIMIT);
      return undefined;
    }
    const raw = ext ? b.readUInt32BE(basic + size) : field;
    const timestamp = this.#timestamp(old, fmt, raw);
    const state: ChunkStream = {
      ext,
      raw,
      delta: raw,
      timestamp,
      length: fmt === 2 ? old!.length : b.readUIntBE(basic + 3, 3),
      type: fmt === 2 ? old!.type : b[basic + 6],
      messageStreamId: fmt === 0 ? b.readUInt32LE(basic + 7) : (old?.messageStreamId ?? 0),
      parts: [],
      got: 0,
      outgoing: 0,
      jumped: false,
    };
    return { bytes, state, begins: true };
  }

  #timestamp(old: ChunkStream | undefined, fmt: number, raw: number): number {
    if (old !== undefined) return fmt === 0 ? unwrap(old.timestamp, raw) : this.#add(old.timestamp, raw);
    return this.#lastMedia === undefined ? raw : unwrap(this.#lastMedia, raw);
  }

  #complete(csid: number, stream: ChunkStream, payload: Buffer): boolean {
    const { type, messageStreamId, timestamp } = stream;
    if (type === 8 || type === 9) {
      const { outgoing, jumped } = stream;
      const framed = frameForPlayers(type, outgoing % WRAP, payload, this.#limits.outChunkSize);
      const seen = inspect(type, payload);
      const apart = this.timelines.complete(csid, messageStreamId, type, outgoing, seen.flags);
      const facts = { ...seen, flags: seen.flags | (jumped && !apart ? C.FLAG_REBASED : 0) };
      this.messages.push({ type, messageStreamId, timestamp: outgoing, payload, framed, facts });
    } else if (SURFACED.has(type)) {
      this.messages.push({ type, messageStreamId, timestamp: timestamp % WRAP, payload, chunkStreamId: csid });
    } else if (type === 22) {
      return this.#takeApart(csid, stream, payload);
    } else if (type === 1) {
      return this.#setChunkSize(payload);
    } else if (type === 2) {
      const target = payload.length >= 4 ? this.#streams.get(payload.readUInt32BE(0)) : undefined;
      if (target !== undefined) {
        target.parts = [];
        target.got = 0;
      }
    } else {
      this.dropped++;
    }
    return true;
  }

  /** The messages in an aggregate are read as if each had come alone. */
  #takeApart(csid: number, stream: ChunkStream, aggregate: Buffer): boolean {
    const parts = partsOf(aggregate);
    if (parts.length === 0) this.dropped++;
    let { timestamp } = stream;
    for (const { type, delta, payload } of parts) {
      timestamp = this.#add(timestamp, delta);
      const part = { ...stream, type, timestamp };
      if (type === 8 || type === 9) {
        if (this.#isTooLong(payload.length)) return this.#fail(C.ERR_CHUNK_MEDIA_TOO_LONG);
        this.#begin(csid, part);
      }
      this.#complete(csid, part, payload);
    }
    return true;
  }

  #setChunkSize(payload: Buffer): boolean {
    if (payload.length < 4) return true;
    const size = payload.readUInt32BE(0);
    if (size === 0 || size > 0x7fffffff) return this.#fail(C.ERR_CHUNK_SIZE_INVALID);
    if (size < this.#limits.chunkSizeMin) return this.#fail(C.ERR_CHUNK_SIZE_TOO_SMALL);
    this.#chunkSize = Math.min(size, 0xffffff);
    return true;
  }
}
