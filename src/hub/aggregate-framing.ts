import { copyPayload, frameMessage, readFramed } from './framing.js';

/** What {@link readFramed} says of a message. */
type Framed = ReturnType<typeof readFramed>;

const AGGREGATE_TYPE = 22;
/** Aggregates are sent where data is. */
const CHUNK_STREAM_ID = 5;
/** FLV tags have a header, and a back pointer behind them. */
const TAG_HEADER_BYTES = 11;
const TAG_BYTES = TAG_HEADER_BYTES + 4;
/** Most payload bytes of one aggregate. Readers bound it as commands and data, of which they take 65536 bytes. */
const MAX_AGGREGATE_BYTES = 60_000;
/** Message types that may stand in an aggregate: audio, video, data. */
const TYPES: ReadonlySet<number> = new Set([8, 9, 18]);

/**
 * Writes messages that are framed for players anew: neighbours become aggregates (type 22, RTMP 1.0 §7.1.6) of at most
 * 60,000 bytes. A message that is alone or longer stays as it is.
 *
 * @param framed whole messages, as the log has them; borrowed
 * @param chunkSize in which they are framed
 * @returns a Buffer of its own
 */
export function aggregateFramed(framed: Buffer, chunkSize: number): Buffer {
  const parts: Buffer[] = [];
  let group: Framed[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (group.length > 1) parts.push(oneAggregate(framed, group, bytes, chunkSize));
    else for (const { offset, framedBytes } of group) parts.push(framed.subarray(offset, offset + framedBytes));
    group = [];
    bytes = 0;
  };
  for (let at = 0; at < framed.length; ) {
    const message = readFramed(framed, at, chunkSize);
    const size = TAG_BYTES + message.length;
    if (bytes + size > MAX_AGGREGATE_BYTES || !TYPES.has(message.type)) flush();
    group.push(message);
    bytes += size;
    if (!TYPES.has(message.type)) flush();
    at += message.framedBytes;
  }
  flush();
  return Buffer.concat(parts);
}

function oneAggregate(framed: Buffer, group: readonly Framed[], bytes: number, chunkSize: number): Buffer {
  const payload = Buffer.alloc(bytes);
  let at = 0;
  for (const message of group) {
    const { type, timestamp, length } = message;
    payload[at] = type;
    payload.writeUIntBE(length, at + 1, 3);
    payload.writeUIntBE(timestamp & 0xffffff, at + 4, 3);
    payload[at + 7] = timestamp >>> 24;
    copyPayload(framed, message, chunkSize, payload, at + TAG_HEADER_BYTES);
    at += TAG_HEADER_BYTES + length;
    at = payload.writeUInt32BE(TAG_HEADER_BYTES + length, at);
  }
  const { offset, timestamp } = group[0]!;
  const out = frameMessage(CHUNK_STREAM_ID, AGGREGATE_TYPE, timestamp, payload, chunkSize);
  // The message stream id of the player.
  framed.copy(out, 8, offset + 8, offset + 12);
  return out;
}
