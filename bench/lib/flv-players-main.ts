import { connect } from 'node:net';

// Players of FLV over HTTP that take every byte and look at none. Prints {"playing":n,"bytes":n} ten times a second.
// node flv-players-main.js PORT PATH COUNT

const REPORT_MS = 100;
/** From so many bytes on a connection is sent media, and not only an answer. */
const PLAYS_FROM_BYTES = 20_000;

const [port, path, count] = process.argv.slice(2);
const scratch = Buffer.alloc(65_536);
let bytes = 0;
let playing = 0;

for (let opened = 0; opened < Number(count); opened++) open();
setInterval(() => process.stdout.write(`${JSON.stringify({ playing, bytes })}\n`), REPORT_MS);
process.on('SIGTERM', () => process.exit(0));

function open(): void {
  let read = 0;
  const socket = connect({
    port: Number(port),
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer: scratch,
      callback: (size: number) => {
        if (read < PLAYS_FROM_BYTES && read + size >= PLAYS_FROM_BYTES) playing++;
        read += size;
        bytes += size;
        return true;
      },
    },
  });
  socket.on('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`));
  socket.on('error', () => {});
  socket.on('close', () => process.exit(1));
}
