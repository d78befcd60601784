import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

// The bare Node loop: the same bytes as raw-c.c, with nothing of a server around them. With a certificate, over TLS.
// node raw-node-main.js PORT BYTES_PER_SECOND WINDOW_MS [CERT_FILE KEY_FILE]

const HANDSHAKE_BYTES = 1536;
const CHUNK_SIZE = 60000;
const KEEP_BYTES = 2048;
const NAMES = [
  Buffer.from('\u0002\u0000\u0007connect'),
  Buffer.from('\u0002\u0000\u000ccreateStream'),
  Buffer.from('\u0002\u0000\u0004play'),
];

const [port, bytesPerSecond, windowMs] = process.argv.slice(2).map(Number);
const payloadBytes = Math.floor((bytesPerSecond * windowMs) / 1000);
const [cert, key] = process.argv.slice(5).map((file) => readFileSync(file));
const playing = new Set<Socket>();
let timestamp = 0;

const isPlain = cert === undefined;
const server = isPlain ? createServer({ noDelay: true }, serve) : createTlsServer({ cert, key, noDelay: true }, serve);
server.listen(port, '127.0.0.1', 1024);
setInterval(broadcast, windowMs);
process.on('SIGTERM', () => process.exit(0));

function broadcast(): void {
  const batch = videoMessage();
  timestamp = (timestamp + windowMs) % 0xffffff;
  for (const socket of playing) if (socket.writableLength === 0) socket.write(batch);
}

function videoMessage(): Buffer {
  const out = Buffer.alloc(12 + payloadBytes + Math.floor((payloadBytes - 1) / CHUNK_SIZE));
  header(out, 6, timestamp, payloadBytes, 9, 1);
  let p = 12;
  for (let sent = 0; sent < payloadBytes; sent += CHUNK_SIZE) {
    if (sent > 0) out[p++] = 0xc6;
    p += Math.min(CHUNK_SIZE, payloadBytes - sent);
  }
  out[12] = 0x27;
  return out;
}

function serve(socket: Socket): void {
  let kept: Buffer = Buffer.alloc(0);
  let phase = 0;
  socket.on('data', (bytes) => {
    kept = Buffer.concat([kept, bytes]);
    if (phase === 0 && kept.length > HANDSHAKE_BYTES) {
      const c1 = kept.subarray(1, 1 + HANDSHAKE_BYTES);
      socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(HANDSHAKE_BYTES), c1]));
      kept = kept.subarray(1 + HANDSHAKE_BYTES);
      phase = 1;
    }
    if (phase === 1 && kept.length >= HANDSHAKE_BYTES) {
      kept = kept.subarray(HANDSHAKE_BYTES);
      phase = 2;
    }
    while (phase >= 2 && kept.length > 0) {
      const left = step(socket, kept);
      if (left === undefined) break;
      kept = left;
    }
    if (phase >= 2 && kept.length > KEEP_BYTES) kept = kept.subarray(-32);
  });
  socket.on('error', () => playing.delete(socket));
  socket.on('close', () => playing.delete(socket));
}

/** Answers the first command in `kept`; returns what follows it, undefined when there is none. */
function step(socket: Socket, kept: Buffer): Buffer | undefined {
  for (const [index, name] of NAMES.entries()) {
    const at = kept.indexOf(name);
    const after = at + name.length + 9;
    if (at < 0 || after > kept.length) continue;
    const transaction = kept.subarray(at + name.length, after);
    if (index === 0) {
      const size = Buffer.alloc(16);
      header(size, 2, 0, 4, 1, 0);
      size.writeUInt32BE(CHUNK_SIZE, 12);
      socket.write(size);
      command(socket, 0, [text('_result'), transaction, NULL, status('NetConnection.Connect.Success')]);
    } else if (index === 1) {
      command(socket, 0, [text('_result'), transaction, NULL, Buffer.from('003ff0000000000000', 'hex')]);
    } else {
      command(socket, 1, [text('onStatus'), Buffer.alloc(9), NULL, status('NetStream.Play.Start')]);
      playing.add(socket);
    }
    return kept.subarray(after);
  }
  return undefined;
}

function command(socket: Socket, messageStreamId: number, parts: readonly Buffer[]): void {
  const body = Buffer.concat(parts);
  const out = Buffer.concat([Buffer.alloc(12), body]);
  header(out, 3, 0, body.length, 20, messageStreamId);
  socket.write(out);
}

function header(out: Buffer, csid: number, ts: number, length: number, type: number, messageStreamId: number): void {
  out[0] = csid;
  out.writeUIntBE(ts, 1, 3);
  out.writeUIntBE(length, 4, 3);
  out[7] = type;
  out.writeUInt32LE(messageStreamId, 8);
}

const NULL = Buffer.from([5]);

function property(name: string): Buffer {
  return Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name)]);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([2, 0, value.length]), Buffer.from(value)]);
}

function status(code: string): Buffer {
  return Buffer.concat([
    Buffer.from([3]),
    property('level'),
    text('status'),
    property('code'),
    text(code),
    Buffer.from([0, 0, 9]),
  ]);
}
