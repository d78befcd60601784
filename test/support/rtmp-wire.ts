/** One RTMP message, whole. */
export interface WireMessage {
  readonly type: number;
  readonly timestamp: number;
  readonly messageStreamId: number;
  readonly payload: Buffer;
  readonly chunkStreamId?: number;
}

/** A basic header in its shortest form (RTMP 1.0 §5.3.1.1). */
export function basicHeader(fmt: number, chunkStreamId: number): Buffer {
  if (chunkStreamId < 64) return Buffer.from([(fmt << 6) | chunkStreamId]);
  if (chunkStreamId < 320) return Buffer.from([fmt << 6, chunkStreamId - 64]);
  const rest = chunkStreamId - 64;
  return Buffer.from([(fmt << 6) | 1, rest & 255, rest >> 8]);
}

/** A chunk header of fmt 0 with any declared length, which need not be that of a payload. */
export function fmt0(
  chunkStreamId: number,
  o: { timestamp?: number; length: number; type: number; messageStreamId?: number },
): Buffer {
  const timestamp = (o.timestamp ?? 0) >>> 0;
  const extended = timestamp >= 0xffffff;
  const head = Buffer.alloc(extended ? 15 : 11);
  head.writeUIntBE(extended ? 0xffffff : timestamp, 0, 3);
  head.writeUIntBE(o.length, 3, 3);
  head.writeUInt8(o.type, 6);
  head.writeUInt32LE(o.messageStreamId ?? 0, 7);
  if (extended) head.writeUInt32BE(timestamp, 11);
  return Buffer.concat([basicHeader(0, chunkStreamId), head]);
}

/** A whole message as chunks: fmt 0, then fmt 3 with the extended timestamp repeated. */
export function chunks(message: WireMessage, chunkSize = 128): Buffer {
  const chunkStreamId = message.chunkStreamId ?? 3;
  const parts = [fmt0(chunkStreamId, { ...message, length: message.payload.length })];
  const extended = message.timestamp >= 0xffffff ? Buffer.alloc(4) : Buffer.alloc(0);
  if (extended.length > 0) extended.writeUInt32BE(message.timestamp >>> 0);
  for (let at = 0; at < message.payload.length; at += chunkSize) {
    if (at > 0) parts.push(basicHeader(3, chunkStreamId), extended);
    parts.push(message.payload.subarray(at, at + chunkSize));
  }
  return Buffer.concat(parts);
}

interface ChunkStream {
  /** The timestamp field of the last header, extended or not. */
  field: number;
  timestamp: number;
  delta: number;
  length: number;
  type: number;
  messageStreamId: number;
  extended: boolean;
  got: Buffer[];
  bytes: number;
}

/** Reads what a server sends: slow and plain, for tests only. Throws on anything a server must not send. */
export class WireReader {
  #buffer: Buffer = Buffer.alloc(0);
  #chunkSize = 128;
  readonly #streams = new Map<number, ChunkStream>();

  /** Takes more bytes and returns the messages they complete, in order. */
  read(bytes: Buffer): WireMessage[] {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    const out: WireMessage[] = [];
    let at = 0;
    for (;;) {
      const used = this.#chunk(this.#buffer.subarray(at), out);
      if (used === 0) break;
      at += used;
    }
    this.#buffer = this.#buffer.subarray(at);
    return out;
  }

  #chunk(b: Buffer, out: WireMessage[]): number {
    if (b.length < 3) {
      const short = b.length > 0 && (b[0] & 63) >= 2;
      if (!short) return 0;
    }
    const fmt = b[0] >> 6;
    const form = b[0] & 63;
    let at = form === 0 ? 2 : form === 1 ? 3 : 1;
    const id = form === 0 ? 64 + b[1] : form === 1 ? 64 + b[1] + 256 * b[2] : form;
    const headBytes = [11, 7, 3, 0][fmt];
    if (b.length < at + headBytes) return 0;
    const old = this.#streams.get(id);
    if (old === undefined && fmt !== 0) throw new Error(`server opened chunk stream ${id} with fmt ${fmt}`);
    const stream: ChunkStream = old ?? {
      field: 0,
      timestamp: 0,
      delta: 0,
      length: 0,
      type: 0,
      messageStreamId: 0,
      extended: false,
      got: [],
      bytes: 0,
    };
    let field = stream.field;
    let { length, type, messageStreamId, extended } = stream;
    if (fmt < 3) {
      if (stream.bytes > 0) throw new Error(`server sent fmt ${fmt} within a message on chunk stream ${id}`);
      field = b.readUIntBE(at, 3);
      extended = field === 0xffffff;
      if (fmt < 2) {
        length = b.readUIntBE(at + 3, 3);
        type = b[at + 6];
      }
      if (fmt === 0) messageStreamId = b.readUInt32LE(at + 7);
    }
    at += headBytes;
    if (extended) {
      if (b.length < at + 4) return 0;
      const value = b.readUInt32BE(at);
      if (fmt === 3 && stream.bytes > 0 && value !== field)
        throw new Error(`server did not repeat the extended timestamp on chunk stream ${id}`);
      field = value;
      at += 4;
    }
    const take = Math.min(this.#chunkSize, length - stream.bytes);
    if (b.length < at + take) return 0;
    if (stream.bytes === 0) {
      if (fmt === 0) stream.timestamp = field;
      else {
        if (fmt < 3) stream.delta = field;
        stream.timestamp = (stream.timestamp + stream.delta) >>> 0;
      }
    }
    Object.assign(stream, { field, length, type, messageStreamId, extended });
    stream.got.push(Buffer.from(b.subarray(at, at + take)));
    stream.bytes += take;
    this.#streams.set(id, stream);
    if (stream.bytes === stream.length) {
      const payload = Buffer.concat(stream.got);
      stream.got = [];
      stream.bytes = 0;
      if (type === 1) this.#chunkSize = payload.readUInt32BE(0);
      out.push({ type, timestamp: stream.timestamp, messageStreamId, payload, chunkStreamId: id });
    }
    return at + take;
  }
}
