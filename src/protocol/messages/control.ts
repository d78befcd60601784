import type { OutboundMessage } from './chunk-writer.js';
import { ChunkStreamId, MessageType, UserControlEvent } from './message-types.js';

/** The limit types of Set Peer Bandwidth (RTMP 1.0 §5.4.5). */
const PeerBandwidthLimit = { Hard: 0, Soft: 1, Dynamic: 2 } as const;

function control(type: number, payload: Buffer): OutboundMessage {
  return { chunkStreamId: ChunkStreamId.Control, type, messageStreamId: 0, timestamp: 0, payload };
}

function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function userControl(event: number, value: number): OutboundMessage {
  const bytes = Buffer.allocUnsafe(6);
  bytes.writeUInt16BE(event);
  bytes.writeUInt32BE(value >>> 0, 2);
  return control(MessageType.UserControl, bytes);
}

/** Set Chunk Size (type 1): `bytes` per chunk for everything that follows in this direction (RTMP 1.0 §5.4.1). */
export function setChunkSize(bytes: number): OutboundMessage {
  return control(MessageType.SetChunkSize, u32(bytes));
}

/** Abort (type 2): drop the partial message on a chunk stream (RTMP 1.0 §5.4.2). */
export function abort(chunkStreamId: number): OutboundMessage {
  return control(MessageType.Abort, u32(chunkStreamId));
}

/** Acknowledgement (type 3): bytes received so far, any non-negative number, written modulo 2^32 (RTMP 1.0 §5.4.3). */
export function acknowledgement(totalBytes: number): OutboundMessage {
  return control(MessageType.Acknowledgement, u32(totalBytes % 0x1_0000_0000));
}

/** Window Acknowledgement Size (type 5): acknowledge every `bytes` (RTMP 1.0 §5.4.4). */
export function windowAckSize(bytes: number): OutboundMessage {
  return control(MessageType.WindowAckSize, u32(bytes));
}

/** Set Peer Bandwidth (type 6), limit type dynamic when not given (RTMP 1.0 §5.4.5). */
export function setPeerBandwidth(bytes: number, limit: number = PeerBandwidthLimit.Dynamic): OutboundMessage {
  return control(MessageType.SetPeerBandwidth, Buffer.concat([u32(bytes), Buffer.from([limit])]));
}

/** User control StreamBegin (event 0). */
export function streamBegin(messageStreamId: number): OutboundMessage {
  return userControl(UserControlEvent.StreamBegin, messageStreamId);
}

/** User control StreamEOF (event 1). gst rtmp2src takes it as the end of the stream, on message stream id 1 only. */
export function streamEof(messageStreamId: number): OutboundMessage {
  return userControl(UserControlEvent.StreamEof, messageStreamId);
}

/** User control SetBufferLength (event 3), sent by players; `bufferMs` in milliseconds. */
export function setBufferLength(messageStreamId: number, bufferMs: number): OutboundMessage {
  const bytes = Buffer.allocUnsafe(10);
  bytes.writeUInt16BE(UserControlEvent.SetBufferLength);
  bytes.writeUInt32BE(messageStreamId >>> 0, 2);
  bytes.writeUInt32BE(bufferMs >>> 0, 6);
  return control(MessageType.UserControl, bytes);
}

/** User control StreamIsRecorded (event 4): only for recorded streams. */
export function streamIsRecorded(messageStreamId: number): OutboundMessage {
  return userControl(UserControlEvent.StreamIsRecorded, messageStreamId);
}

/** User control PingRequest (event 6); `timestampMs` comes back unchanged. */
export function pingRequest(timestampMs: number): OutboundMessage {
  return userControl(UserControlEvent.PingRequest, timestampMs);
}

/** User control PingResponse (event 7) with the value of the request. */
export function pingResponse(timestampMs: number): OutboundMessage {
  return userControl(UserControlEvent.PingResponse, timestampMs);
}

/** A user control message as read. `value` is the first u32 after the event type; absent when the message is short. */
interface UserControl {
  readonly event: number;
  readonly value: number;
}

/**
 * Reads a type 4 payload.
 *
 * @param payload borrowed until return
 * @returns `undefined` when shorter than 6 bytes (6-byte SetBufferLength included: callers ignore that event anyway)
 */
export function readUserControl(payload: Uint8Array): UserControl | undefined {
  if (payload.length < 6) return undefined;
  return { event: (payload[0]! << 8) | payload[1]!, value: readU32(payload, 2)! };
}

/** Reads SetBufferLength (event 3). @returns undefined when it is another event, or short */
export function readBufferLength(
  payload: Uint8Array,
): { readonly messageStreamId: number; readonly bufferMs: number } | undefined {
  const bufferMs = readU32(payload, 6);
  if (bufferMs === undefined || payload[0] !== 0 || payload[1] !== UserControlEvent.SetBufferLength) return undefined;
  return { messageStreamId: readU32(payload, 2)!, bufferMs };
}

/** Reads a big-endian u32 at `at`; `undefined` when the bytes are not all there. */
export function readU32(payload: Uint8Array, at = 0): number | undefined {
  if (payload.length < at + 4) return undefined;
  return ((payload[at]! << 24) | (payload[at + 1]! << 16) | (payload[at + 2]! << 8) | payload[at + 3]!) >>> 0;
}
