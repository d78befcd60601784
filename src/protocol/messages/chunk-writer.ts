import { SluiceError } from '../../core/errors.js';
import { INITIAL_CHUNK_SIZE, MAX_CHUNK_SIZE } from './message-types.js';

/** One message to send. */
export interface OutboundMessage {
  /** 2 to 65599. */
  readonly chunkStreamId: number;
  /** Message type id, see `MessageType`. */
  readonly type: number;
  /** 0 for the NetConnection, else the NetStream's id. */
  readonly messageStreamId: number;
  /** Milliseconds, taken modulo 2^32. */
  readonly timestamp: number;
  /** Borrowed until return; at most 16777215 bytes. */
  readonly payload: Uint8Array;
}

const EXTENDED = 0xffffff;
const MAX_MESSAGE_BYTES = 0xffffff;
const MESSAGE_HEADER_BYTES = 11;

/**
 * Frames single messages as chunks: a fmt 0 header with an absolute timestamp, then fmt 3 continuations (RTMP 1.0
 * §5.3.1). The extended timestamp is repeated in each continuation, because ffmpeg and librtmp cannot follow without
 * it. For control, command and data messages; bulk media is framed elsewhere.
 */
export class ChunkWriter {
  #chunkSize: number;

  /** @param options `chunkSize` in bytes; default 128, with which a connection begins */
  constructor(options: { chunkSize?: number } = {}) {
    this.#chunkSize = clampChunkSize(options.chunkSize ?? INITIAL_CHUNK_SIZE);
  }

  /** Payload bytes per chunk now. */
  get chunkSize(): number {
    return this.#chunkSize;
  }

  /**
   * Changes the chunk size for everything written from now on. Call it right after writing the Set Chunk Size message.
   *
   * @param bytes clamped to 1 … 16777215
   */
  setChunkSize(bytes: number): void {
    this.#chunkSize = clampChunkSize(bytes);
  }

  /**
   * Frames one whole message.
   *
   * @returns a new Buffer; ownership is the caller's
   * @throws SluiceError `ERR_CHUNK_UNWRITABLE` when the payload is over 16777215 bytes or the chunk stream id is not 2
   *   … 65599
   */
  write(message: OutboundMessage): Buffer {
    const { chunkStreamId, payload } = message;
    if (payload.length > MAX_MESSAGE_BYTES) {
      throw new SluiceError('ERR_CHUNK_UNWRITABLE', `a payload of ${payload.length} bytes`);
    }
    if (!(chunkStreamId >= 2 && chunkStreamId <= 65599)) {
      throw new SluiceError('ERR_CHUNK_UNWRITABLE', `chunk stream id ${chunkStreamId}`);
    }
    const timestamp = message.timestamp >>> 0;
    const isExtended = timestamp >= EXTENDED;
    const basic = basicHeaderBytes(chunkStreamId);
    const extended = isExtended ? 4 : 0;
    const continuations = Math.max(0, Math.ceil(payload.length / this.#chunkSize) - 1);
    const out = Buffer.allocUnsafe(
      basic + MESSAGE_HEADER_BYTES + extended + payload.length + continuations * (basic + extended),
    );
    let at = writeBasicHeader(out, 0, 0, chunkStreamId);
    at = out.writeUIntBE(isExtended ? EXTENDED : timestamp, at, 3);
    at = out.writeUIntBE(payload.length, at, 3);
    at = out.writeUInt8(message.type, at);
    at = out.writeUInt32LE(message.messageStreamId >>> 0, at);
    if (isExtended) at = out.writeUInt32BE(timestamp, at);
    for (let from = 0; from < payload.length; from += this.#chunkSize) {
      if (from > 0) {
        at = writeBasicHeader(out, at, 3, chunkStreamId);
        if (isExtended) at = out.writeUInt32BE(timestamp, at);
      }
      const part = payload.subarray(from, from + this.#chunkSize);
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

function clampChunkSize(bytes: number): number {
  return Math.min(Math.max(1, Math.trunc(bytes)), MAX_CHUNK_SIZE);
}

function basicHeaderBytes(chunkStreamId: number): number {
  if (chunkStreamId < 64) return 1;
  return chunkStreamId < 320 ? 2 : 3;
}

function writeBasicHeader(out: Buffer, at: number, fmt: number, chunkStreamId: number): number {
  if (chunkStreamId < 64) return out.writeUInt8((fmt << 6) | chunkStreamId, at);
  if (chunkStreamId < 320) {
    const next = out.writeUInt8(fmt << 6, at);
    return out.writeUInt8(chunkStreamId - 64, next);
  }
  const next = out.writeUInt8((fmt << 6) | 1, at);
  return out.writeUInt16LE(chunkStreamId - 64, next);
}
