import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRtmpUrl } from '../../src/client/rtmp-url.js';
import { client } from '../support/event-layer.js';
import { NatsWatcher } from '../support/events.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';

const AAC_HEADER = Buffer.from([0xaf, 0, 0x12, 0x10]);
const AAC_FRAME = Buffer.from([0xaf, 1, 1, 2, 3]);

describe('where a stream can be fetched', () => {
  let nats: NatsServer;
  let server: TestServer | undefined;

  beforeEach(async () => {
    nats = await startNats();
  });
  afterEach(async () => {
    await server?.stop();
    await nats.stop();
  });

  /** Publishes with a key, and returns what its start, its readiness and its state say. */
  const told = async (settings: Record<string, string>) => {
    server = await spawnServer({ nats: nats.url, settings });
    const watcher = await NatsWatcher.open(nats.url);
    const publisher = await RawRtmp.connected({ port: server.rtmpPort });
    const messageStreamId = await publisher.publish('cam?key=canary-secret');
    for (const payload of [AAC_HEADER, AAC_FRAME]) publisher.message(8, payload, { messageStreamId });
    const started = await watcher.expect('stream.started');
    const ready = await watcher.expect('stream.ready');
    await watcher.close();
    let state: unknown;
    for await (const change of (await client(nats)).watchStreams('live/*')) {
      if (change.kind === 'state') state = change.state.urls;
      if (change.kind === 'synced') break;
    }
    const urls = (event: { data: unknown }): unknown => (event.data as { urls?: unknown }).urls;
    return { publisher, messageStreamId, urls: [urls(started), urls(ready), state] };
  };

  it('is told with its start, its readiness and its state, without the key, and a player finds it there', async () => {
    const { publisher, messageStreamId, urls } = await told({});
    const expected = { rtmp: server!.url('cam') };
    expect(urls).toEqual([expected, expected, expected]);
    const { port, app, name } = parseRtmpUrl(expected.rtmp);
    const player = await RawRtmp.connected({ port, app });
    await player.play(name);
    publisher.message(8, AAC_FRAME, { messageStreamId, timestamp: 20 });
    await player.expect((m) => m.type === 8, 'a frame');
    for (const one of [player, publisher]) one.destroy();
  });

  it('is what rtmp.advertise says', async () => {
    const { publisher, urls } = await told({ 'rtmp.advertise': 'media.example.org:80' });
    const expected = { rtmp: 'rtmp://media.example.org:80/live/cam' };
    expect(urls).toEqual([expected, expected, expected]);
    publisher.destroy();
  });
});
