/** One chunk header of fmt 0 and the payload in chunks of `chunkSize`, on a chunk stream id under 64. */
export function message(m: {
  type: number;
  csid?: number;
  timestamp?: number;
  messageStreamId?: number;
  payload: Buffer;
  chunkSize?: number;
}): Buffer {
  const csid = m.csid ?? 4;
  const header = Buffer.alloc(12);
  header[0] = csid;
  header.writeUIntBE(m.timestamp ?? 0, 1, 3);
  header.writeUIntBE(m.payload.length, 4, 3);
  header[7] = m.type;
  header.writeUInt32LE(m.messageStreamId ?? 1, 8);
  const out: Buffer[] = [header];
  const chunkSize = m.chunkSize ?? 128;
  for (let at = 0; at < m.payload.length; at += chunkSize) {
    if (at > 0) out.push(Buffer.from([0xc0 | csid]));
    out.push(m.payload.subarray(at, at + chunkSize));
  }
  return Buffer.concat(out);
}

/** A fmt 0 header that declares `length` bytes of `type` on `csid`, with nothing behind it. */
export function declared(type: number, length: number, csid = 4): Buffer {
  return message({ type, csid, payload: Buffer.alloc(length) }).subarray(0, 12);
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
