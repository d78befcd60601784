import { connect } from 'sluice/client';

const events = await connect({ url: 'nats://127.0.0.1:4222' });
await events.onStream(
  'live/*',
  {
    started: (event) => console.log(event.subject, 'started by', event.data.peer.address),
    ready: (event) => console.log(event.subject, 'is', event.data.tracks.map((track) => track.codec).join(' + ')),
    ended: (event) => console.log(event.subject, 'ended:', event.data.reason, 'after', event.data.durationMs, 'ms'),
  },
  { durable: 'my-consumer' },
);
process.once('SIGINT', () => events.close());
