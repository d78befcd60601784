import { createServer } from 'sluice';

const server = await createServer({
  rtmp: { listen: '127.0.0.1:1935' },
  http: { listen: '127.0.0.1:8080' },
  data: './data',
});
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

for await (const { event } of server.events.follow('now', stop.signal)) {
  if (event.type === 'io.sluice.stream.started') console.log(event.subject, 'comes from', event.data.peer.address);
  if (event.type === 'io.sluice.stream.ended') console.log(event.subject, 'has ended:', event.data.reason);
}
await server.close();
