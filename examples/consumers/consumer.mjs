import { AckPolicy, connect, DeliverPolicy } from 'nats';

const nats = await connect({ servers: '127.0.0.1:4222' });
const manager = await nats.jetstreamManager();
await manager.consumers.add('SLUICE_EVENTS', {
  durable_name: 'node-consumer',
  filter_subject: 'sluice.v1.evt.>',
  ack_policy: AckPolicy.Explicit,
  deliver_policy: DeliverPolicy.All,
  // One at a time, so that none can overtake another.
  max_ack_pending: 1,
});

const consumer = await nats.jetstream().consumers.get('SLUICE_EVENTS', 'node-consumer');
for await (const message of await consumer.consume()) {
  const event = message.json();
  console.log(event.time, event.type, event.subject, event.data.reason ?? '');
  // Only what is done is acknowledged: after a crash before this line the event comes again, with the same id.
  message.ack();
}
