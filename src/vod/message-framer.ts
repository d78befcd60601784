import { ChunkStreamId, MessageType } from '../protocol/messages/message-types.js';
import type { MediaMessage } from './media-source.js';

/** Basic header (1 byte) and fmt 0 message header (11 bytes). */
const HEADER_BYTES = 12;
const EXTENDED = 0xffffff;

/** Bytes of a message's payload. */
function payloadBytes({ parts }: MediaMessage): number {
  let sum = 0;
  for (const part of parts) sum += part.length;
  return sum;
}

/**
 * Frames messages for one player: fmt 0 headers with absolute timestamps and chunks of a fixed size, so that any of
 * them may be the first after a seek (RTMP 1.0 §5.3.1).
 *
 * @param messages whose parts are copied
 * @param chunkSize that the client was told
 * @param out has room for {@link framedBytes} of them
 */
export function frameMessages(
  messages: readonly MediaMessage[],
  messageStreamId: number,
  chunkSize: number,
  out: Buffer,
): void {
  let at = 0;
  for (const message of messages) at = frame(out, at, message, messageStreamId, chunkSize);
}

/** How many bytes messages have when they are framed. */
export function framedBytes(messages: readonly MediaMessage[], chunkSize: number): number {
  let bytes = 0;
  for (const message of messages) bytes += framedLength(message, chunkSize);
  return bytes;
}

function framedLength(message: MediaMessage, chunkSize: number): number {
  const length = payloadBytes(message);
  const continuations = length === 0 ? 0 : Math.floor((length - 1) / chunkSize);
  const more = message.timestamp >= EXTENDED ? 4 : 0;
  return HEADER_BYTES + more + length + continuations * (1 + more);
}

function frame(out: Buffer, from: number, message: MediaMessage, messageStreamId: number, chunkSize: number): number {
  const { type, timestamp, parts } = message;
  const isExtended = timestamp >= EXTENDED;
  const chunkStream = chunkStreamOf(type);
  let at = from;
  out[at] = chunkStream;
  out.writeUIntBE(isExtended ? EXTENDED : timestamp, at + 1, 3);
  out.writeUIntBE(payloadBytes(message), at + 4, 3);
  out[at + 7] = type;
  out.writeUInt32LE(messageStreamId, at + 8);
  at += HEADER_BYTES;
  if (isExtended) at = out.writeUInt32BE(timestamp, at);
  let room = chunkSize;
  for (const part of parts) {
    for (let done = 0; done < part.length; ) {
      if (room === 0) {
        out[at++] = 0xc0 | chunkStream;
        // Without it, ffmpeg and librtmp read the first bytes of the chunk as the timestamp.
        if (isExtended) at = out.writeUInt32BE(timestamp, at);
        room = chunkSize;
      }
      const take = Math.min(room, part.length - done);
      part.copy(out, at, done, done + take);
      at += take;
      done += take;
      room -= take;
    }
  }
  return at;
}

/** All are below 64, so that a basic header is one byte. */
function chunkStreamOf(type: number): number {
  if (type === MessageType.Audio) return ChunkStreamId.Audio;
  return type === MessageType.Video ? ChunkStreamId.Video : ChunkStreamId.NetStream;
}
