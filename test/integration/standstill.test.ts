import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NatsWatcher, short } from '../support/events.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { SteadyStream } from '../support/steady-stream.js';
import { waitFor } from '../support/wait.js';

/** Every deadline of a peer in these tests, in ms. */
const DEADLINE_MS = 2000;
/** For how long the server is stopped: by the machine's clock every deadline would pass. */
const STOPPED_MS = 5000;

describe('a server that could not run for longer than every deadline', () => {
  let nats: NatsServer;
  let server: TestServer;

  beforeEach(async () => {
    nats = await startNats();
    const deadlines = [
      'limits.firstBytesTimeoutMs',
      'limits.handshakeTimeoutMs',
      'limits.connectTimeoutMs',
      'limits.idleMs',
      'publish.firstFrameTimeoutMs',
      'publish.idleTimeoutMs',
      'publish.stallAfterMs',
      'play.stallTimeoutMs',
    ];
    const settings = Object.fromEntries(deadlines.map((key) => [key, DEADLINE_MS]));
    server = await spawnServer({ nats: nats.url, settings });
  });

  afterEach(async () => {
    await server.stop();
    await nats.stop();
  });

  async function standStill(): Promise<void> {
    const from = performance.now();
    server.child.signal('SIGSTOP');
    await waitFor(() => performance.now() - from > STOPPED_MS, { timeoutMs: 2 * STOPPED_MS });
    server.child.signal('SIGCONT');
  }

  it('cuts off no publisher, player, idle connection, handshake or NATS connection, and tells no stall', async () => {
    const port = server.rtmpPort;
    const streams = await Promise.all(['a', 'b', 'c'].map((name) => SteadyStream.start(port, name)));
    const announced = await RawRtmp.connected({ port });
    const messageStreamId = await announced.publish('announced');
    const idle = await RawRtmp.connected({ port });
    const connecting = await RawRtmp.shaken({ port });
    const greeting = await RawRtmp.open({ port });
    await waitFor(async () => (await server.metric('sluice_connections')) === 10, { what: 'ten connections' });

    await standStill();

    for (const stream of streams) await stream.goesOn();
    await greeting.handshake();
    await greeting.connect('live');
    await connecting.connect('live');
    expect(await idle.createStream()).toBe(1);
    announced.message(9, Buffer.from([0x12, 0, 0, 0]), { messageStreamId });
    await waitFor(async () => (await server.stream('announced'))?.videoFrames === 1, { what: 'the frame to be taken' });
    await waitFor(() => server.logLines('could not run for a while').length === 1, { what: 'a line about it' });
    // An event that is told after it reaches NATS, and none before it says that anything has ended or stalled.
    const events = await NatsWatcher.open(nats.url);
    announced.destroy();
    await events.expect('stream.ended');
    const types = (await events.stored()).map(short);
    await events.close();
    expect(types.filter((type) => type === 'stream.started')).toHaveLength(4);
    expect(types.filter((type) => type === 'stream.ended')).toHaveLength(1);
    expect(types).not.toContain('stream.stalled');
    for (const stream of streams) stream.stop();
  });
});
