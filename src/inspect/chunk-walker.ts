import type { ErrorCode } from '../core/errors.js';
import { type CodecLimits, inForce, normaliseLimits } from '../wasm/limits.js';
import { add, lastMediaIn } from './aggregate-tags.js';

/** Where a reading stops: the byte, the server's code, and what should have been there. */
export interface Fault {
  readonly kind: 'fault';
  /** Position of the first byte of the header, or of the payload, that was refused. */
  readonly at: number;
  readonly code: ErrorCode;
  readonly expected: string;
  /** What is there instead. */
  readonly found: string;
}

/** One chunk header, as it was read. */
export interface ChunkHeader {
  readonly kind: 'chunk';
  /** Position of its first byte. */
  readonly at: number;
  /** Position behind its last byte: the payload begins here. */
  readonly payloadAt: number;
  /** Payload bytes that belong to this chunk. */
  readonly payloadBytes: number;
  readonly fmt: number;
  readonly chunkStreamId: number;
  /** Whether it begins a message; a fmt 3 chunk may go on with one. */
  readonly begins: boolean;
  /** Type of the message; everything below is of the message, too. */
  readonly type: number;
  /** Milliseconds, unwrapped. */
  readonly timestamp: number;
  readonly length: number;
  readonly messageStreamId: number;
}

/** One complete message. */
export interface WalkedMessage {
  readonly kind: 'message';
  /** Position of its first chunk header. */
  readonly at: number;
  readonly type: number;
  readonly timestamp: number;
  readonly messageStreamId: number;
  readonly chunkStreamId: number;
  readonly length: number;
  /** The payload: all of it, or the first {@link MEDIA_HEAD_BYTES} of audio and video. */
  readonly payload: Buffer;
  /** Where the payload lies in the stream, in order. */
  readonly pieces: readonly { readonly at: number; readonly end: number }[];
}

export type WalkItem = ChunkHeader | WalkedMessage | Fault;

/** What later headers of a chunk stream inherit, and what is there of its unfinished message. */
export interface ChunkStreamState {
  readonly chunkStreamId: number;
  /** Whether the last 24-bit time field was FFFFFF. */
  readonly extended: boolean;
  /** The last time field as it was sent. */
  readonly raw: number;
  readonly timestamp: number;
  readonly length: number;
  readonly type: number;
  readonly messageStreamId: number;
  /** Payload bytes of the unfinished message that have come; 0: there is none. */
  readonly received: number;
}

/** The state of a reader of a chunk stream. With it a walk can begin in the middle of one. */
export interface WalkState {
  readonly chunkSize: number;
  readonly streams: readonly ChunkStreamState[];
  /** Timestamp of the last audio or video message that began; undefined before the first. */
  readonly lastMedia: number | undefined;
  /** The chunk whose payload is under way: its chunk stream, and the bytes that are to come. */
  readonly open: { readonly chunkStreamId: number; readonly bytes: number } | undefined;
}

/** Bytes that are kept of each audio and video message: enough for its codec, kind and track. */
const MEDIA_HEAD_BYTES = 64;

interface Stream extends Omit<ChunkStreamState, 'received'> {
  received: number;
  at: number;
  /** Room for what is kept of the payload, made with its first byte. */
  kept: Buffer;
  keptBytes: number;
  pieces: { at: number; end: number }[];
}

const NOTHING = Buffer.alloc(0);
const WRAP = 2 ** 32;
/** Bytes of the message header behind the basic header, by fmt. */
const HEADER_BYTES = [11, 7, 3, 0] as const;

/**
 * Reads a chunk stream (RTMP 1.0 §5.3) as the server does and tells every header, message and fault with its position.
 * It accepts and refuses what the server's codec does, by the same limits; a property test compares the two. Memory is
 * bounded by the same limits.
 */
export class ChunkWalker {
  /** Whether the limits of a publisher are in force. */
  isPublishing = false;
  /** Whether it is kept where payloads lie. A peer can make that many places: who only follows has no use for them. */
  keepsPlaces = true;
  readonly #limits: CodecLimits;
  readonly #streams = new Map<number, Stream>();
  #chunkSize = 128;
  #lastMedia: number | undefined;
  #failed = false;
  /** Position of the next byte to read. */
  #at: number;
  /** Bytes of a header that is not complete. */
  #head: Buffer = Buffer.alloc(0);
  #open: { stream: Stream; bytes: number } | undefined;

  /**
   * @param limits those that differ from the defaults
   * @param at position of the first byte
   * @param from where the reader stood before that byte; default: at the beginning of a chunk stream
   */
  constructor(limits: Partial<CodecLimits> = {}, at = 0, from?: WalkState) {
    this.#limits = normaliseLimits(limits);
    this.#at = at;
    if (from === undefined) return;
    this.#chunkSize = from.chunkSize;
    this.#lastMedia = from.lastMedia;
    for (const stream of from.streams)
      this.#streams.set(stream.chunkStreamId, { ...stream, at, kept: NOTHING, keptBytes: 0, pieces: [] });
    const open = from.open === undefined ? undefined : this.#streams.get(from.open.chunkStreamId);
    if (open !== undefined && from.open !== undefined) this.#open = { stream: open, bytes: from.open.bytes };
  }

  /** Position behind the last byte that was taken in. */
  get position(): number {
    return this.#at + this.#head.length;
  }

  /** Messages that have begun and are not complete, with the places of what has come of them. */
  get unfinished(): readonly (ChunkStreamState & Pick<WalkedMessage, 'pieces'>)[] {
    return [...this.#streams.values()].filter(({ received }) => received > 0);
  }

  /**
   * Where the reading stands, without the bytes of a header that is not complete: another walk can begin there, at
   * {@link position} less {@link headerBytes}.
   */
  get state(): WalkState {
    const streams = [...this.#streams.values()].map((stream): ChunkStreamState => {
      const { chunkStreamId, extended, raw, timestamp, length, type, messageStreamId, received } = stream;
      return { chunkStreamId, extended, raw, timestamp, length, type, messageStreamId, received };
    });
    const open =
      this.#open === undefined
        ? undefined
        : { chunkStreamId: this.#open.stream.chunkStreamId, bytes: this.#open.bytes };
    return { chunkSize: this.#chunkSize, streams, lastMedia: this.#lastMedia, open };
  }

  /** Bytes of payloads that are kept until their messages are complete. */
  get heldBytes(): number {
    let sum = 0;
    for (const { kept } of this.#streams.values()) sum += kept.length;
    return sum;
  }

  /** Bytes at the end that are the beginning of a header. */
  get headerBytes(): number {
    return this.#head.length;
  }

  /**
   * Takes in more bytes, in any split. @param bytes borrowed @returns what they complete, in order; after a fault
   * nothing more
   */
  *push(bytes: Uint8Array): Generator<WalkItem> {
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    while (!this.#failed) {
      if (this.#open !== undefined) {
        if (rest.length === 0) return;
        const taken = Math.min(this.#open.bytes, rest.length);
        yield* this.#takePayload(this.#open, rest.subarray(0, taken));
        rest = rest.subarray(taken);
        continue;
      }
      if (this.#head.length > 0 || rest.length > 0) {
        const known = this.#head.length;
        const all = known === 0 ? rest : Buffer.concat([this.#head, rest.subarray(0, 18)]);
        const used = yield* this.#readHeader(all);
        if (used === 0) {
          if (!this.#failed) this.#head = Buffer.from(all);
          return;
        }
        // A header that was waited for may be shorter than what came of it: four bytes were no extended timestamp.
        rest = used < known ? Buffer.concat([this.#head.subarray(used), rest]) : rest.subarray(used - known);
        this.#head = Buffer.alloc(0);
        continue;
      }
      return;
    }
  }

  /** Reads a header at the start of `b`. @returns its bytes; 0 when more are needed or it was refused */
  *#readHeader(b: Buffer): Generator<WalkItem, number> {
    const fmt = b[0]! >> 6;
    const form = b[0]! & 63;
    const basic = form === 0 ? 2 : form === 1 ? 3 : 1;
    if (b.length < basic) return 0;
    const chunkStreamId = form === 0 ? 64 + b[1]! : form === 1 ? 64 + b.readUInt16LE(1) : form;
    const old = this.#streams.get(chunkStreamId);
    if (old === undefined && fmt >= 2)
      return yield* this.#fail(
        'ERR_CHUNK_FRESH_HEADER',
        'a fmt 0 or fmt 1 header',
        `fmt ${fmt} on new chunk stream ${chunkStreamId}`,
      );
    if (fmt === 3) return yield* this.#readContinuation(b, old!, basic);
    if (old !== undefined && old.received > 0) {
      const left = old.length - old.received;
      return yield* this.#fail(
        'ERR_CHUNK_MID_MESSAGE',
        `a fmt 3 header: ${left} bytes of a message of ${old.length} are still to come on chunk stream ${chunkStreamId}`,
        `fmt ${fmt}`,
      );
    }
    const plain = basic + HEADER_BYTES[fmt]!;
    if (b.length < plain) return 0;
    const field = b.readUIntBE(basic, 3);
    const extended = field === 0xffffff;
    const bytes = plain + (extended ? 4 : 0);
    if (b.length < bytes) return 0;
    const { chunkStreams } = this.#limits;
    if (old === undefined && this.#streams.size >= chunkStreams)
      return yield* this.#fail(
        'ERR_CHUNK_STREAM_LIMIT',
        `at most ${chunkStreams} chunk streams`,
        `chunk stream ${chunkStreamId} as one more`,
      );
    const raw = extended ? b.readUInt32BE(plain) : field;
    const stream: Stream = {
      chunkStreamId,
      extended,
      raw,
      timestamp: this.#timestamp(old, fmt, raw),
      length: fmt === 2 ? old!.length : b.readUIntBE(basic + 3, 3),
      type: fmt === 2 ? old!.type : b[basic + 6]!,
      messageStreamId: fmt === 0 ? b.readUInt32LE(basic + 7) : (old?.messageStreamId ?? 0),
      ...unbegun(this.#at),
    };
    return yield* this.#beginMessage(stream, fmt, bytes);
  }

  *#readContinuation(b: Buffer, old: Stream, basic: number): Generator<WalkItem, number> {
    let bytes = basic;
    if (old.extended) {
      if (b.length < basic + 4) return 0;
      // Some encoders leave the extended timestamp out of fmt 3 chunks, so only the expected value is taken for one.
      const value = b.readUInt32BE(basic);
      if (value === old.raw || value === old.timestamp % WRAP) bytes += 4;
    }
    if (old.received === 0) {
      const timestamp = add(old.timestamp, old.raw);
      return yield* this.#beginMessage({ ...old, timestamp, ...unbegun(this.#at) }, 3, bytes);
    }
    return yield* this.#beginChunk(old, 3, bytes, false);
  }

  #timestamp(old: Stream | undefined, fmt: number, raw: number): number {
    if (old !== undefined) return fmt === 0 ? unwrap(old.timestamp, raw) : add(old.timestamp, raw);
    return this.#lastMedia === undefined ? raw : unwrap(this.#lastMedia, raw);
  }

  *#beginMessage(stream: Stream, fmt: number, bytes: number): Generator<WalkItem, number> {
    const { length } = stream;
    const { maxMediaBytes, maxMediaBytesBeforePublish, maxControlMessageBytes } = this.#limits;
    const mostMedia = this.isPublishing ? maxMediaBytes : maxMediaBytesBeforePublish;
    const found = `${length} bytes of type ${stream.type} on chunk stream ${stream.chunkStreamId}`;
    if (isMedia(stream.type)) {
      if (length > mostMedia)
        return yield* this.#fail('ERR_CHUNK_MEDIA_TOO_LONG', `audio or video of at most ${mostMedia} bytes`, found);
    } else if (length > maxControlMessageBytes) {
      return yield* this.#fail(
        'ERR_CHUNK_MESSAGE_TOO_LONG',
        `a message of at most ${maxControlMessageBytes} bytes`,
        found,
      );
    }
    const { partialMessages } = inForce(this.#limits, this.isPublishing);
    const { unfinished } = this;
    if (length > 0 && unfinished.length >= partialMessages)
      return yield* this.#fail(
        'ERR_CHUNK_PARTIAL_LIMIT',
        `at most ${partialMessages} unfinished messages`,
        `${found} as one more`,
      );
    return yield* this.#beginChunk(stream, fmt, bytes, true);
  }

  *#beginChunk(stream: Stream, fmt: number, bytes: number, begins: boolean): Generator<WalkItem, number> {
    const payloadBytes = Math.min(stream.length - stream.received, this.#chunkSize);
    const { reassemblyBytes } = inForce(this.#limits, this.isPublishing);
    let held = 0;
    for (const { received } of this.#streams.values()) held += received;
    if (held + payloadBytes > reassemblyBytes)
      return yield* this.#fail(
        'ERR_CHUNK_REASSEMBLY_LIMIT',
        `unfinished messages of at most ${reassemblyBytes} bytes in sum`,
        `${held + payloadBytes} bytes`,
      );
    if (begins && isMedia(stream.type)) this.#lastMedia = stream.timestamp;
    this.#streams.set(stream.chunkStreamId, stream);
    const { chunkStreamId, type, timestamp, length, messageStreamId } = stream;
    const about = { fmt, chunkStreamId, begins, type, timestamp, length, messageStreamId };
    yield { kind: 'chunk', at: this.#at, payloadAt: this.#at + bytes, payloadBytes, ...about };
    this.#at += bytes;
    if (payloadBytes > 0) this.#open = { stream, bytes: payloadBytes };
    else yield* this.#complete(stream);
    return bytes;
  }

  *#takePayload(open: { stream: Stream; bytes: number }, bytes: Buffer): Generator<WalkItem> {
    const { stream } = open;
    if (this.keepsPlaces) this.#place(stream, bytes.length);
    const most = isMedia(stream.type) ? Math.min(MEDIA_HEAD_BYTES, stream.length) : stream.length;
    if (stream.kept.length === 0) stream.kept = Buffer.alloc(most);
    stream.keptBytes += bytes.copy(stream.kept, stream.keptBytes);
    stream.received += bytes.length;
    open.bytes -= bytes.length;
    this.#at += bytes.length;
    if (open.bytes > 0) return;
    this.#open = undefined;
    if (stream.received === stream.length) yield* this.#complete(stream);
  }

  #place({ pieces }: Stream, bytes: number): void {
    const last = pieces.at(-1);
    if (last?.end === this.#at) last.end += bytes;
    else pieces.push({ at: this.#at, end: this.#at + bytes });
  }

  *#complete(stream: Stream): Generator<WalkItem> {
    const { chunkStreamId, type, timestamp, length, messageStreamId, at, pieces } = stream;
    const payload = stream.kept.subarray(0, stream.keptBytes);
    this.#streams.set(chunkStreamId, { ...stream, ...unbegun(this.#at) });
    yield { kind: 'message', at, type, timestamp, messageStreamId, chunkStreamId, length, payload, pieces };
    // The message began before the walk, so only its end is here.
    if (payload.length < Math.min(length, 4)) return;
    if (type === 1) yield* this.#setChunkSize(payload, pieces[0]?.at ?? at);
    if (type === 2 && length >= 4) this.#abort(payload.readUInt32BE(0));
    if (type === 22) this.#lastMedia = lastMediaIn(payload, timestamp) ?? this.#lastMedia;
  }

  *#setChunkSize(payload: Buffer, at: number): Generator<WalkItem> {
    if (payload.length < 4) return;
    const size = payload.readUInt32BE(0);
    const { chunkSizeMin } = this.#limits;
    this.#chunkSize = Math.min(size, 0xffffff);
    if (size === 0 || size > 0x7fffffff)
      yield* this.#fail('ERR_CHUNK_SIZE_INVALID', 'a chunk size from 1 to 2147483647', `${size}`, at);
    else if (size < chunkSizeMin)
      yield* this.#fail('ERR_CHUNK_SIZE_TOO_SMALL', `a chunk size of at least ${chunkSizeMin}`, `${size}`, at);
  }

  #abort(chunkStreamId: number): void {
    const stream = this.#streams.get(chunkStreamId);
    if (stream !== undefined) this.#streams.set(chunkStreamId, { ...stream, ...unbegun(this.#at) });
  }

  *#fail(code: ErrorCode, expected: string, found: string, at = this.#at): Generator<WalkItem, number> {
    this.#failed = true;
    yield { kind: 'fault', at, code, expected, found };
    return 0;
  }
}

function isMedia(type: number): boolean {
  return type === 8 || type === 9;
}

/** What a chunk stream has of a message before its first payload byte. @param at position of the message's header */
function unbegun(at: number): Pick<Stream, 'received' | 'at' | 'kept' | 'keptBytes' | 'pieces'> {
  return { received: 0, at, kept: NOTHING, keptBytes: 0, pieces: [] };
}

/** The time nearest to `base` with these low 32 bits, never negative. */
function unwrap(base: number, raw: number): number {
  let difference = raw - (base % WRAP);
  if (difference >= WRAP / 2) difference -= WRAP;
  if (difference < -WRAP / 2) difference += WRAP;
  const time = base + difference;
  return time < 0 ? time + WRAP : time;
}
