/** A message read back from what was written. */
export interface DecodedMessage {
  readonly chunkStreamId: number;
  readonly type: number;
  readonly timestamp: number;
  readonly messageStreamId: number;
  readonly payload: Buffer;
}

/** A plain reader of what we write: fmt 0 starts a message, fmt 3 goes on with it, Set Chunk Size counts at once. */
export class ChunkDecoder {
  #chunkSize = 128;

  /** @param bytes whole messages */
  read(bytes: Buffer): DecodedMessage[] {
    const out: DecodedMessage[] = [];
    let at = 0;
    while (at < bytes.length) {
      const [fmt, chunkStreamId, start] = readBasicHeader(bytes, at);
      if (fmt !== 0) throw new Error(`a message begins with fmt ${fmt}`);
      const field = bytes.readUIntBE(start, 3);
      const length = bytes.readUIntBE(start + 3, 3);
      const type = bytes[start + 6]!;
      const messageStreamId = bytes.readUInt32LE(start + 7);
      at = start + 11;
      const extended = field === 0xffffff ? bytes.subarray(at, at + 4) : undefined;
      const timestamp = extended?.readUInt32BE(0) ?? field;
      if (extended !== undefined) at += 4;
      const parts: Buffer[] = [];
      let left = length;
      while (left > 0) {
        if (left < length) {
          const [next, sameId, after] = readBasicHeader(bytes, at);
          if (next !== 3 || sameId !== chunkStreamId) throw new Error('a continuation of another kind');
          at = after;
          if (extended !== undefined) {
            if (!bytes.subarray(at, at + 4).equals(extended)) throw new Error('extended timestamp not repeated');
            at += 4;
          }
        }
        const size = Math.min(left, this.#chunkSize);
        parts.push(bytes.subarray(at, at + size));
        at += size;
        left -= size;
      }
      const payload = Buffer.concat(parts);
      if (payload.length !== length) throw new Error('bytes end within a message');
      if (type === 1) this.#chunkSize = payload.readUInt32BE(0);
      out.push({ chunkStreamId, type, timestamp, messageStreamId, payload });
    }
    return out;
  }
}

function readBasicHeader(bytes: Buffer, at: number): [fmt: number, chunkStreamId: number, next: number] {
  const first = bytes[at]!;
  const low = first & 63;
  if (low === 0) return [first >> 6, 64 + bytes[at + 1]!, at + 2];
  if (low === 1) return [first >> 6, 64 + bytes.readUInt16LE(at + 1), at + 3];
  return [first >> 6, low, at + 1];
}
