import { connect, type Socket } from 'node:net';

// Opens connections, takes each through handshake and connect, and holds them idle until it is ended. A process of its
// own, so that its work is not counted with the server's. Prints {"connected":n,"failed":n} as they change.
// node connect-main.js HOST PORT APP COUNT AT_ONCE

const HANDSHAKE_BYTES = 1536;
const SERVER_HANDSHAKE_BYTES = 1 + 2 * HANDSHAKE_BYTES;
const SUCCESS = 'NetConnection.Connect.Success';
const REPORT_MS = 20;
const KEEP = 4096;

const [host, portText, app, countText, atOnceText] = process.argv.slice(2);
const count = Number(countText);
const atOnce = Number(atOnceText);
const hello = Buffer.concat([Buffer.from([3]), Buffer.alloc(HANDSHAKE_BYTES)]);
const answer = Buffer.concat([Buffer.alloc(HANDSHAKE_BYTES), connectCommand(app, `rtmp://${host}:${portText}/${app}`)]);
// Nothing is kept of what is read once a connection is through: one buffer serves all.
const scratch = Buffer.alloc(65536);
const sockets: Socket[] = [];
let connected = 0;
let failed = 0;
let reported = '';

for (let i = 0; i < Math.min(atOnce, count); i++) open();
setInterval(() => {
  const line = JSON.stringify({ connected, failed });
  if (line !== reported) process.stdout.write(`${line}\n`);
  reported = line;
}, REPORT_MS);
process.on('SIGTERM', () => process.exit(0));

function open(): void {
  let read = 0;
  let done = false;
  let text = '';
  const socket = connect({
    host,
    port: Number(portText),
    onread: {
      buffer: scratch,
      callback: (bytes: number) => {
        const before = read;
        read += bytes;
        if (done) return true;
        if (before < SERVER_HANDSHAKE_BYTES && read >= SERVER_HANDSHAKE_BYTES) socket.write(answer);
        if (read <= SERVER_HANDSHAKE_BYTES) return true;
        text = (text + scratch.toString('latin1', 0, bytes)).slice(-KEEP);
        if (text.includes(SUCCESS)) {
          done = true;
          text = '';
          connected++;
          if (sockets.length < count) open();
        }
        return true;
      },
    },
  });
  sockets.push(socket);
  socket.setNoDelay(true);
  socket.on('connect', () => socket.write(hello));
  socket.on('error', () => {});
  socket.on('close', () => {
    failed++;
    if (done) connected--;
  });
}

function connectCommand(appName: string, url: string): Buffer {
  const body = Buffer.concat([
    string('connect'),
    Buffer.from('003ff0000000000000', 'hex'),
    Buffer.from([3]),
    string('app').subarray(1),
    string(appName),
    string('flashVer').subarray(1),
    string('FMLE/3.0 (compatible; bench)'),
    string('tcUrl').subarray(1),
    string(url),
    Buffer.from([0, 0, 9]),
  ]);
  const header = Buffer.from([3, 0, 0, 0, 0, body.length >> 8, body.length & 255, 20, 0, 0, 0, 0]);
  // The default chunk size is 128: a fmt 3 header goes before what is left.
  const parts: Buffer[] = [header];
  for (let from = 0; from < body.length; from += 128) {
    if (from > 0) parts.push(Buffer.from([0xc3]));
    parts.push(body.subarray(from, from + 128));
  }
  return Buffer.concat(parts);
}

function string(value: string): Buffer {
  return Buffer.concat([Buffer.from([2, 0, value.length]), Buffer.from(value, 'latin1')]);
}
