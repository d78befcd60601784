import { connect } from 'nats';

const nats = await connect({ servers: '127.0.0.1:4222' });
const methods = { add: (a, b) => a + b };

for await (const message of nats.subscribe('sluice.v1.rpc.live.*', { queue: 'calls' })) {
  const { method, args } = message.json();
  const answer = Object.hasOwn(methods, method)
    ? { result: methods[method](...args) }
    : { error: { message: 'no such method' } };
  message.respond(JSON.stringify(answer));
}
