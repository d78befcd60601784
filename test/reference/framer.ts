/**
 * A media message as players get it: fmt 0 header with the absolute timestamp, chunk stream id 4 (audio) or 6 (video),
 * message stream id 1, a fmt 3 header per further chunk that repeats the extended timestamp.
 */
export function frameForPlayers(type: number, timestamp: number, payload: Buffer, chunkSize: number): Buffer {
  const csid = type === 8 ? 4 : 6;
  const extended = timestamp >= 0xffffff;
  const ext = Buffer.alloc(extended ? 4 : 0);
  if (extended) ext.writeUInt32BE(timestamp);
  const header = Buffer.alloc(12);
  header[0] = csid;
  header.writeUIntBE(extended ? 0xffffff : timestamp, 1, 3);
  header.writeUIntBE(payload.length, 4, 3);
  header[7] = type;
  header.writeUInt32LE(1, 8);
  const out: Buffer[] = [header, ext];
  for (let at = 0; at < payload.length; at += chunkSize) {
    if (at > 0) out.push(Buffer.from([0xc0 | csid]), ext);
    out.push(payload.subarray(at, at + chunkSize));
  }
  return Buffer.concat(out);
}
