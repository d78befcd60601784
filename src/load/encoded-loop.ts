import { writeAmf0 } from '../protocol/messages/amf0-writer.js';
import { ChunkWriter } from '../protocol/messages/chunk-writer.js';
import { ChunkStreamId, MessageType } from '../protocol/messages/message-types.js';
import type { MediaLoop } from './synthetic.js';

const DELTA_HEADER_BYTES = 8;
const EXTENDED = 0xffffff;

/**
 * A media loop as chunk stream bytes that every publisher shares and none changes. Each message has a fmt 1 header with
 * a timestamp delta, so the bytes are the same in every turn and for every connection. Message `i` is
 * `bytes[offsets[i], offsets[i+1])`.
 */
export interface EncodedLoop {
  readonly bytes: Buffer;
  readonly offsets: readonly number[];
  /** When each message is due, ms from the loop's start. */
  readonly dueMs: readonly number[];
  /** Where a stamp's UUID starts in `bytes`, -1 for messages without one. */
  readonly stampAt: readonly number[];
  readonly durationMs: number;
}

/**
 * Encodes a loop.
 *
 * @param chunkSize payload bytes per chunk, announced by the caller with Set Chunk Size
 */
export function encodeLoop(loop: MediaLoop, chunkSize: number): EncodedLoop {
  const parts: Buffer[] = [];
  const offsets = [0];
  const dueMs: number[] = [];
  const stampAt: number[] = [];
  const previous = lastTimes(loop);
  for (const message of loop.messages) {
    const before = previous.get(message.type)!;
    const delta = message.timestamp - before;
    previous.set(message.type, message.timestamp);
    const start = offsets.at(-1)!;
    const part = encodeDelta(message.type, delta, message.payload, chunkSize);
    parts.push(part);
    offsets.push(start + part.length);
    dueMs.push(message.timestamp);
    stampAt.push(message.stampAt < 0 ? -1 : start + DELTA_HEADER_BYTES + message.stampAt);
  }
  return { bytes: Buffer.concat(parts), offsets, dueMs, stampAt, durationMs: loop.durationMs };
}

/**
 * The bytes before the loop on one connection: metadata and, with fmt 0, a message on each chunk stream that the loop
 * uses, at the time from which the loop's first delta counts.
 */
export function encodeHead(loop: MediaLoop, messageStreamId: number, chunkSize: number): Buffer {
  const writer = new ChunkWriter({ chunkSize });
  const parts: Buffer[] = [];
  const last = lastTimes(loop);
  const earliest = Math.min(...last.values());
  if (loop.metadata !== undefined) {
    const payload = Buffer.concat([writeAmf0('@setDataFrame'), loop.metadata]);
    parts.push(
      writer.write({
        chunkStreamId: ChunkStreamId.NetStream,
        type: MessageType.DataAmf0,
        messageStreamId,
        timestamp: 0,
        payload,
      }),
    );
  }
  for (const header of loop.headers) {
    const timestamp = (last.get(header.type) ?? earliest) - earliest;
    parts.push(
      writer.write({
        chunkStreamId: laneOf(header.type),
        type: header.type,
        messageStreamId,
        timestamp,
        payload: header.payload,
      }),
    );
  }
  for (const [type, time] of last) {
    if (loop.headers.some((header) => header.type === type)) continue;
    // Codecs without a sequence header: an empty message starts the chunk stream.
    const payload = new Uint8Array();
    parts.push(
      writer.write({ chunkStreamId: laneOf(type), type, messageStreamId, timestamp: time - earliest, payload }),
    );
  }
  return Buffer.concat(parts);
}

/** For each type, the time of its last message in the turn before: negative or 0. */
function lastTimes(loop: MediaLoop): Map<number, number> {
  const last = new Map<number, number>();
  for (const message of loop.messages) last.set(message.type, message.timestamp - loop.durationMs);
  return last;
}

function laneOf(type: number): number {
  return type === MessageType.Audio ? ChunkStreamId.Audio : ChunkStreamId.Video;
}

function encodeDelta(type: number, delta: number, payload: Buffer, chunkSize: number): Buffer {
  const lane = laneOf(type);
  const continuations = Math.max(0, Math.ceil(payload.length / chunkSize) - 1);
  const out = Buffer.allocUnsafe(DELTA_HEADER_BYTES + payload.length + continuations);
  out[0] = 0x40 | lane;
  out.writeUIntBE(Math.min(delta, EXTENDED - 1), 1, 3);
  out.writeUIntBE(payload.length, 4, 3);
  out[7] = type;
  let at = DELTA_HEADER_BYTES;
  for (let from = 0; from < payload.length; from += chunkSize) {
    if (from > 0) out[at++] = 0xc0 | lane;
    at += payload.copy(out, at, from, from + chunkSize);
  }
  return out;
}
