/** What a caller may not do; each line must be refused, or the types say nothing. */
export const MISUSE = `import { createServer } from 'sluice';
import { connect } from 'sluice/client';

const events = await connect();
// @ts-expect-error a start has no reason
await events.onStream('live/*', { started: (event) => event.data.reason });
// @ts-expect-error there is no such event
await events.onStream('live/*', { begun: () => undefined });
const server = await createServer();
for await (const { event } of server.events.follow('now', AbortSignal.abort())) {
  // @ts-expect-error not every event has tracks
  event.data.tracks;
  if (event.type === 'io.sluice.stream.ready') event.data.tracks.map(({ codec }) => codec.length);
}
// @ts-expect-error there is no such setting
await createServer({ rtmp: { port: 1935 } });
`;

/** A program that uses the server, the client and the consumer. What it tells is JSON. */
export const APP = `import { createServer } from 'sluice';
import { connect, publishFile } from 'sluice/client';

const [url, data] = process.argv.slice(2);
const listen = '127.0.0.1:0';
const server = await createServer({ rtmp: { listen }, http: { listen }, nats: { url }, data, log: { format: 'pretty' } });
const events = await connect({ url });
const codecs = new Promise((resolve) => {
  const onReady = (event) => resolve(event.data.tracks.map(({ codec }) => codec));
  const begin = () => events.onStream('live/*', { ready: onReady }, { from: 'all' }).catch(() => setTimeout(begin, 100));
  begin();
});
await publishFile('video.flv', 'rtmp://127.0.0.1:' + server.rtmpAddress.port + '/live/cam1', { realtime: false });
const metrics = await (await fetch('http://127.0.0.1:' + server.httpAddress.port + '/metrics')).text();
console.log(JSON.stringify({ codecs: await codecs, publishes: /^sluice_publishes_total (.*)$/m.exec(metrics)[1] }));
await events.close();
await server.close();
`;
