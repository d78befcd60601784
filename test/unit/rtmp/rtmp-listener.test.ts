import { afterEach, describe, expect, it } from 'vitest';
import { MemoryAccount } from '../../../src/core/memory-account.js';
import { ListenerHarness, OPTIONS } from '../../support/rtmp/listener-harness.js';
import { RawRtmp } from '../../support/rtmp-client.js';

let harness: ListenerHarness;

afterEach(async () => {
  await harness.close();
});

async function opened(count: number): Promise<RawRtmp> {
  const before = harness.listener.connections.size;
  const client = harness.keep(await RawRtmp.open({ port: harness.port }));
  if (count > before) await harness.until(() => harness.listener.connections.size === count, 'the connection');
  return client;
}

describe('the listener', () => {
  it('takes connections up to its limit, refuses the next with a code, and takes one again when one has gone', async () => {
    harness = await ListenerHarness.open({ maxConnections: 3 });
    const [first] = [await opened(1), await opened(2), await opened(3)];
    expect(harness.refusals).toEqual([]);
    const refused = await opened(3);
    await refused.gone();
    expect(harness.refusals).toEqual(['ERR_LIMIT_CONNECTIONS']);
    first.destroy();
    await harness.until(() => harness.listener.connections.size === 2, 'the first to be gone');
    await opened(3);
    expect(harness.listener.accepted).toBe(4);
    expect(harness.refusals.length).toBe(1);
  });

  it('says where it listens, and refuses an address in use with ERR_LISTEN', async () => {
    harness = await ListenerHarness.open();
    expect(harness.port).toBeGreaterThan(0);
    await expect(ListenerHarness.open({ port: harness.port })).rejects.toMatchObject({ code: 'ERR_LISTEN' });
  });

  it('lets connections live on when it stops', async () => {
    harness = await ListenerHarness.open();
    const client = await harness.client();
    harness.listener.stop();
    await client.publish('cam');
    expect(harness.hub.isLive('live', 'cam')).toBe(true);
  });

  it('hands each codec back when its connection has gone', async () => {
    harness = await ListenerHarness.open();
    const clients = await Promise.all([harness.client(), harness.client(), harness.client()]);
    expect(harness.codecs.live).toBe(3);
    await clients[0].publish('cam');
    for (const client of clients) client.destroy();
    await harness.until(() => harness.codecs.live === 0, 'the codecs');
    expect(harness.codecs.free).toBeLessThanOrEqual(4);
  });

  it('has its connections on the account of memory, open ones and those that are not yet collected', async () => {
    harness = await ListenerHarness.open();
    const account = new MemoryAccount();
    harness.listener.joinAccount(account);
    const bytes = (of: string): number => account.list().find(({ kind }) => kind === of)!.bytes;
    const client = await harness.client();
    // Held here, so that the collector leaves it.
    const [connection] = harness.listener.connections;
    const one = bytes('connections');
    expect(one).toBeGreaterThan(10_000);
    await harness.client();
    expect(bytes('connections')).toBe(2 * one);
    client.destroy();
    await harness.until(() => harness.listener.connections.size === 1, 'the first to be gone');
    expect([bytes('connections'), bytes('connections_dropped')]).toEqual([one, one]);
    expect(connection.playing).toBe(0);
  });
});

describe('deadlines', () => {
  it('close a connection that sends nothing, just past its time', async () => {
    harness = await ListenerHarness.open();
    const client = await opened(1);
    harness.pass(OPTIONS.firstBytesTimeoutMs);
    expect(client.closed).toBe(false);
    expect(harness.closes).toEqual([]);
    harness.pass(1);
    await client.gone();
    expect(harness.closes).toEqual(['ERR_HANDSHAKE_TIMEOUT']);
  });

  it('count from the start: a byte now and then does not put them off', async () => {
    harness = await ListenerHarness.open();
    const client = await opened(1);
    for (let second = 0; second < 5; second++) {
      client.send(Buffer.from([second === 0 ? 3 : 0]));
      await harness.until(() => [...harness.listener.connections][0].bytesIn === second + 1, 'the byte');
      harness.pass(1000);
    }
    harness.pass(1);
    await client.gone();
    expect(harness.closes).toEqual(['ERR_HANDSHAKE_TIMEOUT']);
  });

  it('close a connection that stops in the middle of the handshake', async () => {
    harness = await ListenerHarness.open();
    const client = await opened(1);
    client.send(Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]));
    await harness.until(() => client.bytesReceived >= 3073, 'S0S1S2');
    harness.pass(OPTIONS.handshakeTimeoutMs);
    expect(harness.closes).toEqual([]);
    harness.pass(1);
    await client.gone();
    expect(harness.closes).toEqual(['ERR_HANDSHAKE_TIMEOUT']);
  });

  it('close a connection that connects late: from accept, however long the handshake took', async () => {
    harness = await ListenerHarness.open();
    const shaken = await opened(1);
    harness.pass(4000);
    await shaken.handshake();
    await harness.until(() => [...harness.listener.connections][0].facts.info !== undefined, 'the session');
    harness.pass(OPTIONS.connectTimeoutMs - 4000 - 1);
    expect(harness.closes).toEqual([]);
    harness.nowMs += 1;
    harness.listener.tickYoung(harness.nowMs);
    await shaken.gone();
    await harness.until(() => harness.closes.length === 1, 'the close');
    expect(harness.closes).toEqual(['ERR_SESSION_CONNECT_TIMEOUT']);
  });

  it('end a publisher whose first frame does not come, and one that falls silent', async () => {
    harness = await ListenerHarness.open({ pingIntervalMs: 10 ** 9 });
    const silent = await harness.client();
    await silent.publish('silent');
    harness.pass(OPTIONS.firstFrameTimeoutMs - 1);
    expect(harness.publishEnds).toEqual([]);
    harness.pass(1);
    await silent.gone();
    const stopped = await harness.client();
    const id = await stopped.publish('stopped');
    stopped.message(8, Buffer.from([0xaf, 1, 0]), { messageStreamId: id });
    await harness.until(() => harness.publications.get('stopped')?.audioFrames === 1, 'the frame');
    harness.pass(OPTIONS.idleTimeoutMs - 1);
    expect(harness.publishEnds.length).toBe(1);
    harness.pass(1);
    await stopped.gone();
    expect(harness.publishEnds).toEqual(['silent:idle', 'stopped:idle']);
    expect(harness.closes).toEqual(['ERR_PUBLISH_NO_MEDIA', 'ERR_PUBLISH_IDLE']);
  });
});

describe('what a connection may send', () => {
  const ack = Buffer.alloc(4);
  const ACK_BYTES = 16;

  it('before it publishes or plays is bounded, handshake not counted', async () => {
    harness = await ListenerHarness.open({ preAuthBytes: 5000 });
    const client = await harness.client();
    const [connection] = harness.listener.connections;
    const handshakeBytes = 3073;
    while (connection.bytesIn - handshakeBytes + ACK_BYTES <= 5000) {
      const before = connection.bytesIn;
      client.message(3, ack);
      await harness.until(() => connection.bytesIn === before + ACK_BYTES, 'the message');
    }
    expect(client.closed).toBe(false);
    client.message(3, ack);
    await client.gone();
    expect(harness.closes).toEqual(['ERR_LIMIT_PREAUTH_BYTES']);
  });

  it('while it plays is bounded as a rate', async () => {
    harness = await ListenerHarness.open({ inboundBytesPerSecond: 1000 });
    const player = await harness.client();
    await player.play('cam');
    for (let sent = 0; sent < 650; sent++) player.message(3, ack);
    await player.gone();
    expect(harness.closes).toEqual(['ERR_LIMIT_INBOUND_RATE']);
    expect(harness.playEnds).toEqual(['cam:limit']);
  });

  it('and not read the answers to is bounded', async () => {
    harness = await ListenerHarness.open({ commandsPerSecond: 10 ** 9 });
    const publisher = await harness.client();
    await publisher.publish('cam');
    publisher.socket.pause();
    const ping = Buffer.concat([Buffer.from([0, 6]), ack]);
    const flood = Buffer.concat(Array.from({ length: 2000 }, () => Buffer.concat([header(6), ping])));
    const [connection] = harness.listener.connections;
    for (let round = 0; round < 2000 && harness.closes.length === 0 && connection.publishing === 1; round++) {
      await new Promise<void>((resolve) => publisher.socket.write(flood, () => resolve()));
      harness.pass(0);
    }
    await harness.until(() => harness.closes.length === 1, 'the close');
    expect(harness.closes).toEqual(['ERR_LIMIT_UNREAD']);
    expect(harness.publishEnds).toEqual(['cam:limit']);
  });
});

/** A fmt 0 header of a user control message of `length` bytes. */
function header(length: number): Buffer {
  return Buffer.from([2, 0, 0, 0, 0, 0, length, 4, 0, 0, 0, 0]);
}
