import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'nats';

// Answers every question with the same reply: on NATS for sluice.v1.auth.* and bench.bare, and over HTTP. A process of
// its own, as back ends are. Prints the port of HTTP once both serve.
// node auth-back-end-main.js NATS_URL

const REPLY = Buffer.from(JSON.stringify({ decision: 'allow', principal: 'alice', labels: { tier: 'gold' } }));

const nats = await connect({ servers: process.argv[2] });
for (const subject of ['sluice.v1.auth.*', 'bench.bare']) {
  nats.subscribe(subject, { queue: 'auth', callback: (_, message) => void message.respond(REPLY) });
}
await nats.flush();
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(REPLY));
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.on('SIGTERM', () => process.exit(0));
