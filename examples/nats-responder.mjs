import { connect } from 'nats';

const nats = await connect({ servers: '127.0.0.1:4222' });
const keys = new Map([['k-7f3a91', 'alice']]);

for await (const message of nats.subscribe('sluice.v1.auth.*', { queue: 'auth' })) {
  const { credentials } = message.json();
  const principal = keys.get(credentials.query.key);
  message.respond(JSON.stringify(principal === undefined ? { decision: 'deny' } : { decision: 'allow', principal }));
}
