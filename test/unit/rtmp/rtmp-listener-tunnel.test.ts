import { afterEach, describe, expect, it } from 'vitest';
import { HttpTunnel } from '../../../src/transport/tunnel/tunnel.js';
import { amf } from '../../support/amf.js';
import { ListenerHarness, OPTIONS } from '../../support/rtmp/listener-harness.js';
import { chunks } from '../../support/rtmp-wire.js';
import { TunnelConnection } from '../../support/transport/tunnel-client.js';

let harness: ListenerHarness;
let tunnel: HttpTunnel;
let connection: TunnelConnection;

/** A listener whose sniffed HTTP connections go to a tunnel, whose sessions are connections of the listener. */
async function open(options: Partial<typeof OPTIONS> = {}): Promise<void> {
  harness = await ListenerHarness.open({ sniff: true, ...options }, { http: (found) => tunnel.take(found) });
  const { maxConnections: _, ...limits } = OPTIONS;
  tunnel = new HttpTunnel(
    {
      ...limits,
      ...{ sessionTimeoutMs: 30_000, gapTimeoutMs: 3000, maxAnswerBytes: 65_536, maxRequestBytes: 2 ** 20 },
      ...{ holdMs: 20, requestTimeoutMs: 30_000, maxHttpConnections: 10 },
    },
    {
      nowMs: () => performance.now(),
      accepted: (channel) => harness.listener.take(channel),
      refused: (code) => harness.refusals.push(code),
    },
  );
  connection = new TunnelConnection(harness.port);
}

afterEach(async () => {
  connection.destroy();
  await harness.close();
  tunnel.close();
});

describe('a listener with RTMPT', () => {
  it('takes each session as a connection, over the port for RTMP', async () => {
    await open();
    const id = await connection.open();
    const [opened] = harness.listener.connections;
    expect(opened.facts).toMatchObject({ transport: 'rtmpt', peer: { address: '127.0.0.1' } });
    const hello = Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]);
    const { body } = await connection.ask(`/send/${id}/0`, hello);
    expect([body.length, body[0], body[1]]).toEqual([1 + 3073, 1, 3]);
    await connection.ask(`/close/${id}/1`);
    await harness.until(() => harness.listener.connections.size === 0, 'the end');
    expect(harness.closes).toEqual(['ERR_PEER_CLOSED']);
  });

  it('asks clients that understand it to connect again: without tcUrl, which is the address that they used', async () => {
    await open();
    const id = await connection.open();
    const hello = await connection.ask(`/send/${id}/0`, Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]));
    const tcUrl = 'rtmpt://in.example/live';
    const payload = amf('connect', 1, { app: 'live', tcUrl, capsEx: 1 });
    const connect = chunks({ type: 20, payload, timestamp: 0, messageStreamId: 0, chunkStreamId: 3 }, 128);
    let answers = (await connection.ask(`/send/${id}/1`, Buffer.concat([hello.body.subarray(2, 1538), connect]))).body;
    const [client] = harness.listener.connections;
    await harness.until(() => client.facts.info?.tcUrl === tcUrl, 'connect');
    client.requestReconnect(undefined, 'the server is draining');
    const request = 'NetConnection.Connect.ReconnectRequest';
    for (let n = 2; n < 50 && !answers.includes(request); n++)
      answers = Buffer.concat([answers, (await connection.ask(`/idle/${id}/${n}`)).body]);
    const asked = answers.subarray(answers.indexOf(request));
    expect(asked.toString('latin1')).toMatch(/^NetConnection\.Connect\.ReconnectRequest.*the server is draining/s);
    expect(asked.includes('tcUrl')).toBe(false);
  });

  it('closes sessions that are opened and not used, as connections that say nothing', async () => {
    await open();
    for (let n = 0; n < 3; n++) await connection.open();
    harness.pass(5000);
    expect(tunnel.sessions).toBe(3);
    harness.pass(1);
    expect(tunnel.sessions).toBe(0);
    await harness.until(() => harness.closes.length === 3, 'the ends');
    expect(harness.closes).toEqual(Array(3).fill('ERR_HANDSHAKE_TIMEOUT'));
  });

  it('counts sessions and their HTTP connections for their address', async () => {
    await open({ maxConnectionsPerIp: 3, limitLoopback: true });
    await connection.open();
    await connection.open();
    expect((await connection.ask('/open/1')).status).toBe(503);
    expect(harness.refusals).toEqual(['ERR_LIMIT_CONNECTIONS_PER_IP']);
    expect(harness.listener.sockets).toBe(3);
  });

  it('names the fault with which a session ends', async () => {
    await open();
    const id = await connection.open();
    await connection.ask(`/idle/${id}/0`);
    tunnel.tick(performance.now() + 30_001);
    await harness.until(() => harness.closes.length === 1, 'the end');
    expect(harness.closes).toEqual(['ERR_TUNNEL_SILENT']);
  });

  it('takes no session once it has stopped, though its HTTP connections go on', async () => {
    await open();
    const id = await connection.open();
    harness.listener.stop();
    expect((await connection.ask('/open/1')).status).toBe(503);
    expect((await connection.ask(`/idle/${id}/0`)).status).toBe(200);
    expect(harness.listener.open).toBe(1);
  });
});
