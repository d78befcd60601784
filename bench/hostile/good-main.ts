import { DelayProbe } from '../../src/load/delay-probe.js';
import { MessageType } from '../../src/protocol/messages/message-types.js';
import { RawClient } from './raw-client.js';

// Good players in a process of their own. Each reads everything it gets and looks for the publisher's stamps. Prints
// once a second {"closed":n,"bytes":[…],"delaysMs":[…]}: players lost so far, bytes of each player, and every delay of
// the second. node good-main.js RTMP_PORT STREAM PLAYERS

const [port, stream, players] = process.argv.slice(2);
const NS_PER_MS = 1e6;
const bytes = new Array<number>(Number(players)).fill(0);
const clients: RawClient[] = [];
let delaysMs: number[] = [];
let closed = 0;

for (let i = 0; i < bytes.length; i++) {
  const client = await RawClient.connected({ port: Number(port), localAddress: '127.0.0.3' });
  client.createStreams(1);
  client.command(1, 'play', 4, null, stream, -1000);
  await client.says(/NetStream\.Play\.Start/);
  // Stamps from before are part of the GOP for late joiners, not delays.
  const joined = process.hrtime.bigint();
  const probe = new DelayProbe((sentNs) => {
    if (sentNs < joined) return;
    delaysMs.push(Math.round(Number(process.hrtime.bigint() - sentNs) / (NS_PER_MS / 100)) / 100);
  });
  client.onBytes = (chunk) => {
    bytes[i] += chunk.length;
    probe.scan(chunk);
  };
  client.socket.once('close', () => closed++);
  clients.push(client);
}
setInterval(() => {
  process.stdout.write(`${JSON.stringify({ closed, bytes, delaysMs })}\n`);
  delaysMs = [];
  // Players acknowledge what they have received, so that the server sees it.
  for (const [i, client] of clients.entries()) {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes[i] % 2 ** 32);
    client.message({ type: MessageType.Acknowledgement, messageStreamId: 0, timestamp: 0, payload });
  }
}, 1000);
process.on('SIGTERM', () => process.exit(0));
