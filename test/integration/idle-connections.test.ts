import { afterEach, describe, expect, it } from 'vitest';
import { RawRtmp, statusOf } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

const AAC_FRAME = Buffer.from([0xaf, 1, 1, 2, 3]);

/** Milliseconds that a connection may take to connect here. */
const CONNECT_TIMEOUT_MS = 1500;

describe('a connection that neither publishes nor plays', () => {
  let server: TestServer;
  afterEach(async () => {
    await server.stop();
  });

  const start = async (settings: Record<string, number>): Promise<void> => {
    server = await spawnServer({
      settings: { 'limits.connectTimeoutMs': CONNECT_TIMEOUT_MS, 'rtmp.pingIntervalMs': 1000, ...settings },
    });
  };
  const idle = (): Promise<number> => server.metric('sluice_connections_idle');
  const longerThanConnectMayTake = async (): Promise<void> => {
    const fromMs = performance.now();
    await waitFor(() => performance.now() - fromMs > CONNECT_TIMEOUT_MS + 500);
  };

  it('may wait for long before it publishes, and between two publishes on one NetStream', async () => {
    await start({});
    const client = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await client.createStream();
    for (const name of ['first', 'second']) {
      const from = client.received.length;
      await waitFor(async () => (await idle()) === 1, { what: 'one idle connection' });
      await longerThanConnectMayTake();
      client.command(id, 'publish', 0, null, name, 'live');
      await client.status('NetStream.Publish.Start', { from });
      client.message(8, AAC_FRAME, { messageStreamId: id });
      await waitFor(async () => (await server.stream(name))?.audioFrames === 1, { what: 'the frame' });
      expect(await idle()).toBe(0);
      client.command(0, 'FCUnpublish', 0, null, name);
      client.command(id, 'closeStream', 0, null);
      await server.ended(name);
    }
    await client.expect((m) => m.type === 4 && m.payload[1] === 6, 'a ping');
    expect(client.closed).toBe(false);
    client.destroy();
  });

  it('is told why it is closed after its time', async () => {
    await start({ 'limits.idleMs': 700 });
    const client = await RawRtmp.connected({ port: server.rtmpPort });
    await client.gone();
    const status = statusOf(await client.status('NetConnection.Connect.Closed'));
    expect(status.description).toContain('limits.idleMs');
    await waitFor(async () => (await server.rejections('ERR_SESSION_IDLE_TIMEOUT')) === 1, {
      what: 'it to be counted',
    });
  });

  it('is told why it goes for a new one when all places are taken', async () => {
    await start({ 'limits.maxConnections': 2 });
    const { rtmpPort: port } = server;
    const publisher = await RawRtmp.connected({ port });
    await publisher.publish('cam');
    const waiting = await RawRtmp.connected({ port });
    const player = await RawRtmp.connected({ port });
    await player.play('cam');
    await waiting.gone();
    const status = statusOf(await waiting.status('NetConnection.Connect.Closed'));
    expect(status.description).toContain('its place or memory was needed');
    const late = await RawRtmp.open({ port });
    await late.gone();
    expect([publisher.closed, player.closed]).toEqual([false, false]);
    expect(await server.rejections('ERR_LIMIT_IDLE')).toBe(1);
    expect(await server.metric('sluice_connections_refused_total', 'code="ERR_LIMIT_CONNECTIONS"')).toBe(1);
    for (const client of [publisher, player]) client.destroy();
  });
});
