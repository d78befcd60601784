import { connect } from 'sluice/client';

const events = await connect({ url: 'nats://127.0.0.1:4222' });
process.once('SIGINT', () => events.close());

const live = new Map<string, string>();
for await (const change of events.watchStreams('live/*')) {
  if (change.kind === 'reset') live.clear();
  if (change.kind === 'state') live.set(change.state.streamId, change.state.name);
  if (change.kind === 'event') {
    const { event } = change;
    if (event.type === 'io.sluice.stream.started') live.set(event.streamid, event.data.name);
    if (event.type === 'io.sluice.stream.ended') live.delete(event.streamid);
  }
  console.log('live:', [...live.values()].join(' '));
}
