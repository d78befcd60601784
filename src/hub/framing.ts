import type { StreamLog } from './stream-log.js';

/**
 * Reads back what the WASM writer framed for players: fmt 0 headers with absolute timestamps, chunk stream ids below
 * 64, message stream id 1, chunks of a fixed size (RTMP 1.0 §5.3.1). Only slow paths use it: headers for late joiners,
 * players that filter, players whose message stream id is not 1.
 */

/** Basic header (1 byte) and fmt 0 message header (11 bytes). */
const HEADER_BYTES = 12;
const EXTENDED = 0xffffff;

/** One framed message found in a buffer of framed messages. Offsets are into that buffer. */
interface FramedMessage {
  type: number;
  /** Milliseconds, modulo 2^32. */
  timestamp: number;
  /** Payload bytes, without chunk headers. */
  length: number;
  /** Where its first header byte is. */
  offset: number;
  /** Bytes with all chunk headers. */
  framedBytes: number;
  /** Where its payload begins; for longer messages fmt 3 headers interrupt it every `chunkSize` bytes. */
  payloadOffset: number;
}

/** Reads the message that begins at `offset`. The module framed these bytes, so they are trusted. */
export function readFramed(buffer: Buffer, offset: number, chunkSize: number): FramedMessage {
  const field = buffer.readUIntBE(offset + 1, 3);
  const length = buffer.readUIntBE(offset + 4, 3);
  const extended = field === EXTENDED;
  const continuations = length === 0 ? 0 : Math.floor((length - 1) / chunkSize);
  const headerBytes = HEADER_BYTES + (extended ? 4 : 0);
  return {
    type: buffer[offset + 7],
    timestamp: extended ? buffer.readUInt32BE(offset + HEADER_BYTES) : field,
    length,
    offset,
    framedBytes: headerBytes + length + continuations * (extended ? 5 : 1),
    payloadOffset: offset + headerBytes,
  };
}

/**
 * Copies the payload of one framed message, or its first `limit` bytes, without chunk headers. The result is the
 * caller's.
 */
export function readPayload(buffer: Buffer, message: FramedMessage, chunkSize: number, limit = message.length): Buffer {
  const bytes = Math.min(limit, message.length);
  const payload = Buffer.allocUnsafeSlow(bytes);
  copyPayload(buffer, message, chunkSize, payload, 0);
  return payload;
}

/** Up to this many bytes, one call more costs more than copying shared memory word by word. */
const FEW_BYTES = 512;

/** The time, in ms, of the message that begins at `position` of a log; undefined when there is none. */
export function timestampAt(log: StreamLog, position: number, chunkSize: number): number | undefined {
  const slab = position < log.head ? log.slabAt(position) : undefined;
  return slab === undefined ? undefined : readFramed(slab.buffer, position - slab.start, chunkSize).timestamp;
}

/**
 * Copies the payload of one framed message without chunk headers to `target[at]` and behind, as far as it has room.
 *
 * @returns the offset behind what was copied
 */
export function copyPayload(
  buffer: Buffer,
  message: FramedMessage,
  chunkSize: number,
  target: Buffer,
  at: number,
): number {
  const end = Math.min(at + message.length, target.length);
  const gap = message.payloadOffset - message.offset > HEADER_BYTES ? 5 : 1;
  let from = message.payloadOffset;
  let to = at;
  while (to < end) {
    const take = Math.min(chunkSize, end - to);
    const part = buffer.subarray(from, from + take);
    // Slabs may be in shared memory, where only `fill` is a plain memory copy.
    if (take > FEW_BYTES) target.fill(part, to, to + take);
    else target.set(part, to);
    to += take;
    from += take + gap;
  }
  return to;
}

/** Most tracks of one message that are inspected: there are no more ids. */
const MAX_TRACKS = 256;

/**
 * The ids of all tracks of a message that holds several (Enhanced RTMP v2, ManyTracks and ManyTracksManyCodecs),
 * without copying it.
 *
 * @param first where the first id stands in the payload
 * @param fourCcs whether a FourCC stands before each id
 */
export function trackIds(
  buffer: Buffer,
  message: FramedMessage,
  chunkSize: number,
  first: number,
  fourCcs: boolean,
): number[] {
  const gap = message.payloadOffset - message.offset > HEADER_BYTES ? 5 : 1;
  const byte = (at: number): number => buffer[message.payloadOffset + at + Math.floor(at / chunkSize) * gap];
  const ids: number[] = [];
  for (let at = first; at + 4 <= message.length && ids.length < MAX_TRACKS; ) {
    ids.push(byte(at));
    at += 4 + ((byte(at + 1) << 16) | (byte(at + 2) << 8) | byte(at + 3)) + (fourCcs ? 4 : 0);
  }
  return ids;
}

/**
 * Frames one message as the WASM writer does.
 *
 * @param payload copied
 * @returns a Buffer of its own
 */
export function frameMessage(
  chunkStreamId: number,
  type: number,
  timestamp: number,
  payload: Uint8Array,
  chunkSize: number,
): Buffer {
  const extended = timestamp >= EXTENDED;
  const gap = extended ? 5 : 1;
  const continuations = payload.length === 0 ? 0 : Math.floor((payload.length - 1) / chunkSize);
  const headerBytes = HEADER_BYTES + (extended ? 4 : 0);
  const out = Buffer.allocUnsafeSlow(headerBytes + payload.length + continuations * gap);
  out[0] = chunkStreamId;
  out.writeUIntBE(extended ? EXTENDED : timestamp, 1, 3);
  out.writeUIntBE(payload.length, 4, 3);
  out[7] = type;
  out.writeUInt32LE(1, 8);
  if (extended) out.writeUInt32BE(timestamp, HEADER_BYTES);
  let at = headerBytes;
  for (let got = 0; got < payload.length; ) {
    if (got > 0) {
      out[at++] = 0xc0 | chunkStreamId;
      if (extended) at = out.writeUInt32BE(timestamp, at);
    }
    const take = Math.min(chunkSize, payload.length - got);
    out.set(payload.subarray(got, got + take), at);
    got += take;
    at += take;
  }
  return out;
}

/** What a player wants instead of the shared bytes. */
interface Rewrite {
  /** The id of its NetStream. */
  messageStreamId: number;
  audio: boolean;
  video: boolean;
}

const AUDIO = 8;
const VIDEO = 9;

/**
 * Copies framed messages, leaving out the kinds that are not wanted and writing another message stream id.
 *
 * @param buffer whole framed messages in `[from, to)`
 * @returns a Buffer of its own, possibly empty, and how many messages it holds
 */
export function rewriteFramed(
  buffer: Buffer,
  from: number,
  to: number,
  chunkSize: number,
  want: Rewrite,
): { bytes: Buffer; messages: number } {
  const out = Buffer.allocUnsafeSlow(to - from);
  let at = 0;
  let messages = 0;
  for (let offset = from; offset < to; ) {
    const message = readFramed(buffer, offset, chunkSize);
    const end = offset + message.framedBytes;
    const wanted = message.type === AUDIO ? want.audio : message.type === VIDEO ? want.video : true;
    if (wanted) {
      buffer.copy(out, at, offset, end);
      out.writeUInt32LE(want.messageStreamId, at + 8);
      at += message.framedBytes;
      messages++;
    }
    offset = end;
  }
  return { bytes: out.subarray(0, at), messages };
}
