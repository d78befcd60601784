import { createCipheriv, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { makeKeyPair } from '../../src/link/key-agreement.js';
import { DigestKey, hmac, LAYOUT_D8, publicKeyIn, signPacket } from '../../src/protocol/handshake/handshake-digest.js';
import { writeAmf0 } from '../../src/protocol/messages/amf0-writer.js';
import { ChunkWriter } from '../../src/protocol/messages/chunk-writer.js';

// Players that take every byte and look at none, plain or encrypted, so that both cost the same here. What they send
// has to be encrypted: run it with --openssl-legacy-provider. Prints {"playing":n,"bytes":n} ten times a second.
// node rtmpe-players-main.js PORT APP NAME COUNT rtmp|rtmpe

const PACKET_BYTES = 1536;
const ANSWER_BYTES = 1 + 2 * PACKET_BYTES;
const REPORT_MS = 100;
/** From so many bytes on a connection is sent media. */
const PLAYS_FROM_BYTES = ANSWER_BYTES + 20_000;

const [port, app, name, count, scheme] = process.argv.slice(2);
const isEncrypted = scheme === 'rtmpe';
const scratch = Buffer.alloc(65_536);
const pair = makeKeyPair();
const first = firstPacket();
const commands = playCommands();
const sockets: Socket[] = [];
let bytes = 0;
let playing = 0;

for (let opened = 0; opened < Number(count); opened++) open();
setInterval(() => process.stdout.write(`${JSON.stringify({ playing, bytes })}\n`), REPORT_MS);
process.on('SIGTERM', () => process.exit(0));

/** C0 and C1; the key pair serves all connections. */
function firstPacket(): Buffer {
  const c1 = randomBytes(PACKET_BYTES);
  c1.writeUInt32BE(isEncrypted ? 0x80000302 : 0, 4);
  if (isEncrypted) {
    publicKeyIn(c1, LAYOUT_D8).set(pair.publicKey);
    signPacket(c1, LAYOUT_D8, DigestKey.Player);
  }
  return Buffer.concat([Buffer.of(isEncrypted ? 6 : 3), c1]);
}

/** connect, createStream and play on the message stream that is the first to be made. */
function playCommands(): Buffer {
  const writer = new ChunkWriter();
  const tcUrl = `${scheme}://127.0.0.1/${app}`;
  const commandsOf: readonly [number, Buffer][] = [
    [0, writeAmf0('connect', 1, { app, tcUrl, flashVer: 'bench' })],
    [0, writeAmf0('createStream', 2, null)],
    [1, writeAmf0('play', 3, null, name)],
  ];
  const framed = commandsOf.map(([messageStreamId, payload]) =>
    writer.write({ chunkStreamId: 3, type: 20, messageStreamId, timestamp: 0, payload }),
  );
  return Buffer.concat(framed);
}

/** The commands as they are sent behind C2. */
function encrypted(answer: Buffer): Buffer {
  const serverKey = publicKeyIn(answer.subarray(1, 1 + PACKET_BYTES), LAYOUT_D8);
  const cipher = createCipheriv('rc4', hmac(pair.secretWith(serverKey), serverKey).subarray(0, 16), null);
  cipher.update(Buffer.alloc(PACKET_BYTES));
  return cipher.update(commands);
}

function open(): void {
  const answer = Buffer.alloc(ANSWER_BYTES);
  let read = 0;
  const socket = connect({
    port: Number(port),
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer: scratch,
      callback: (size: number) => {
        const before = read;
        read += size;
        bytes += size;
        if (before < ANSWER_BYTES) {
          scratch.copy(answer, before, 0, size);
          if (read >= ANSWER_BYTES) {
            socket.write(Buffer.concat([Buffer.alloc(PACKET_BYTES), isEncrypted ? encrypted(answer) : commands]));
          }
        }
        if (before < PLAYS_FROM_BYTES && read >= PLAYS_FROM_BYTES) playing++;
        return true;
      },
    },
  });
  socket.on('connect', () => socket.write(first));
  socket.on('error', () => {});
  socket.on('close', () => process.exit(1));
  sockets.push(socket);
}
