import { connect } from 'nats';

const nats = await connect({ servers: '127.0.0.1:4222' });
const methods = new Map([['add', (a, b) => a + b]]);

for await (const message of nats.subscribe('sluice.v1.rpc.live.*', { queue: 'calls' })) {
  const { method, args } = message.json();
  const run = methods.get(method);
  const answer = run === undefined ? { error: { message: 'no such method' } } : { result: run(...args) };
  message.respond(JSON.stringify(answer));
}
