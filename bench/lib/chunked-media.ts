/** What {@link chunkedMedia} makes. */
export interface MediaShape {
  /** Payload bytes per chunk. */
  readonly chunkSize: number;
  /** Payload bytes per message. */
  readonly messageBytes: number;
  /** Roughly how many payload bytes in all; at least eight messages are made. */
  readonly totalBytes: number;
}

/** Socket bytes of a publisher and what they hold. */
export interface ChunkedMedia {
  readonly bytes: Buffer;
  readonly messages: number;
  readonly payloadBytes: number;
}

const KEYFRAME_EVERY = 60;
const FRAME_MS = 33;

/**
 * The chunk stream that an encoder sends once it publishes: video as OBS and ffmpeg send it (fmt 0 first, then fmt 1
 * with a delta, fmt 3 between), every fourth message audio on a chunk stream of its own. The payloads are AVC and AAC
 * tags around pseudo-random bytes, the same on each run. Timestamps stay below FFFFFF. Begins with Set Chunk Size.
 */
export function chunkedMedia(shape: MediaShape): ChunkedMedia {
  const { chunkSize, messageBytes, totalBytes } = shape;
  const messages = Math.max(8, Math.round(totalBytes / messageBytes));
  const chunksPer = Math.ceil(messageBytes / chunkSize);
  const out = Buffer.alloc(16 + messages * (messageBytes + 12 + chunksPer));
  let p = out.writeUInt32BE(0x02000000, 0);
  p = out.writeUInt32BE(4 * 256 + 1, p + 0);
  p = out.writeUInt32BE(0, p);
  p = out.writeUInt32BE(chunkSize, p);
  const noise = pseudoRandom(messageBytes + 4096);
  let videos = 0;
  let audios = 0;
  for (let i = 0; i < messages; i++) {
    const audio = i % 4 === 3;
    const first = audio ? audios++ === 0 : videos++ === 0;
    const csid = audio ? 4 : 6;
    const start = p;
    out[p++] = (first ? 0 : 0x40) | csid;
    p = out.writeUIntBE(first ? 0 : audio ? FRAME_MS * 4 : FRAME_MS, p, 3);
    p = out.writeUIntBE(messageBytes, p, 3);
    out[p++] = audio ? 8 : 9;
    if (first) p = out.writeUInt32LE(1, p);
    const payload = noise.subarray((i * 61) % 4096);
    for (let sent = 0; sent < messageBytes; ) {
      if (sent > 0) out[p++] = 0xc0 | csid;
      const n = Math.min(chunkSize, messageBytes - sent);
      payload.copy(out, p, sent, sent + n);
      if (sent === 0) {
        out[p] = audio ? 0xaf : videos % KEYFRAME_EVERY === 1 ? 0x17 : 0x27;
        if (n > 1) out[p + 1] = 1;
      }
      p += n;
      sent += n;
    }
    if (p <= start) throw new RangeError('a message of no bytes');
  }
  return { bytes: out.subarray(0, p), messages, payloadBytes: messages * messageBytes };
}

/** Bytes of a small multiplicative generator with a fixed seed. */
export function pseudoRandom(length: number, seed = 0x2545f491): Buffer {
  const out = Buffer.alloc(length);
  let x = seed;
  for (let i = 0; i < length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out[i] = x;
  }
  return out;
}
