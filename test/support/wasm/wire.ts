import { chunks, fmt0 } from '../rtmp-wire.js';

/** A message as the codec's tests send it: on chunk stream 4 and message stream 1 unless said otherwise. */
export function message(m: {
  type: number;
  csid?: number;
  timestamp?: number;
  messageStreamId?: number;
  payload: Buffer;
  chunkSize?: number;
}): Buffer {
  const { type, csid = 4, timestamp = 0, messageStreamId = 1, payload, chunkSize } = m;
  return chunks({ type, chunkStreamId: csid, timestamp, messageStreamId, payload }, chunkSize);
}

/** A fmt 0 header that declares `length` bytes of `type` on `csid`, with nothing behind it. */
export function declared(type: number, length: number, csid = 4): Buffer {
  return fmt0(csid, { type, length, messageStreamId: 1 });
}

/** Set Chunk Size. */
export function setChunkSize(size: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(size);
  return message({ type: 1, csid: 2, messageStreamId: 0, payload });
}

/** Bytes that show a shift or a loss. */
export function pattern(length: number, seed = 0): Buffer {
  const out = Buffer.alloc(length);
  for (let i = 0; i < length; i++) out[i] = (i * 31 + (i >> 8) + seed) & 255;
  return out;
}
