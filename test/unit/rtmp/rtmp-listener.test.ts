import { afterEach, describe, expect, it } from 'vitest';
import { MemoryAccount } from '../../../src/core/memory-account.js';
import { Desk, OPTIONS } from '../../support/rtmp/listener-harness.js';
import { RawRtmp } from '../../support/rtmp-client.js';

let desk: Desk;

afterEach(async () => {
  await desk.close();
});

async function opened(count: number): Promise<RawRtmp> {
  const before = desk.listener.connections.size;
  const client = desk.keep(await RawRtmp.open({ port: desk.port }));
  if (count > before) await desk.until(() => desk.listener.connections.size === count, 'the connection');
  return client;
}

describe('the listener', () => {
  it('takes connections up to its limit, refuses the next with a code, and takes one again when one has gone', async () => {
    desk = await Desk.open({ maxConnections: 3 });
    const [first] = [await opened(1), await opened(2), await opened(3)];
    expect(desk.refusals).toEqual([]);
    const refused = await opened(3);
    await refused.gone();
    expect(desk.refusals).toEqual(['ERR_LIMIT_CONNECTIONS']);
    first.destroy();
    await desk.until(() => desk.listener.connections.size === 2, 'the first to be gone');
    await opened(3);
    expect(desk.listener.accepted).toBe(4);
    expect(desk.refusals.length).toBe(1);
  });

  it('says where it listens, and refuses an address in use with ERR_LISTEN', async () => {
    desk = await Desk.open();
    expect(desk.port).toBeGreaterThan(0);
    await expect(Desk.open({ port: desk.port })).rejects.toMatchObject({ code: 'ERR_LISTEN' });
  });

  it('lets connections live on when it stops', async () => {
    desk = await Desk.open();
    const client = await desk.client();
    desk.listener.stop();
    await client.publish('cam');
    expect(desk.hub.isLive('live', 'cam')).toBe(true);
  });

  it('hands each codec back when its connection has gone', async () => {
    desk = await Desk.open();
    const clients = await Promise.all([desk.client(), desk.client(), desk.client()]);
    expect(desk.codecs.live).toBe(3);
    await clients[0].publish('cam');
    for (const client of clients) client.destroy();
    await desk.until(() => desk.codecs.live === 0, 'the codecs');
    expect(desk.codecs.free).toBeLessThanOrEqual(4);
  });

  it('has its connections on the account of memory, open ones and those that are not yet collected', async () => {
    desk = await Desk.open();
    const account = new MemoryAccount();
    desk.listener.joinAccount(account);
    const bytes = (of: string): number => account.list().find(({ kind }) => kind === of)!.bytes;
    const client = await desk.client();
    // Held here, so that the collector leaves it.
    const [connection] = desk.listener.connections;
    const one = bytes('connections');
    expect(one).toBeGreaterThan(10_000);
    await desk.client();
    expect(bytes('connections')).toBe(2 * one);
    client.destroy();
    await desk.until(() => desk.listener.connections.size === 1, 'the first to be gone');
    expect([bytes('connections'), bytes('connections_dropped')]).toEqual([one, one]);
    expect(connection.playing).toBe(0);
  });
});

describe('deadlines', () => {
  it('close a connection that sends nothing, just past its time', async () => {
    desk = await Desk.open();
    const client = await opened(1);
    desk.pass(OPTIONS.firstBytesTimeoutMs);
    expect(client.closed).toBe(false);
    expect(desk.closes).toEqual([]);
    desk.pass(1);
    await client.gone();
    expect(desk.closes).toEqual(['ERR_HANDSHAKE_TIMEOUT']);
  });

  it('count from the start: a byte now and then does not put them off', async () => {
    desk = await Desk.open();
    const client = await opened(1);
    for (let second = 0; second < 5; second++) {
      client.send(Buffer.from([second === 0 ? 3 : 0]));
      await desk.until(() => [...desk.listener.connections][0].bytesIn === second + 1, 'the byte');
      desk.pass(1000);
    }
    desk.pass(1);
    await client.gone();
    expect(desk.closes).toEqual(['ERR_HANDSHAKE_TIMEOUT']);
  });

  it('close a connection that stops in the middle of the handshake', async () => {
    desk = await Desk.open();
    const client = await opened(1);
    client.send(Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]));
    await desk.until(() => client.bytesReceived >= 3073, 'S0S1S2');
    desk.pass(OPTIONS.handshakeTimeoutMs);
    expect(desk.closes).toEqual([]);
    desk.pass(1);
    await client.gone();
    expect(desk.closes).toEqual(['ERR_HANDSHAKE_TIMEOUT']);
  });

  it('close a connection that connects late: from accept, however long the handshake took', async () => {
    desk = await Desk.open();
    const shaken = await opened(1);
    desk.pass(4000);
    await shaken.handshake();
    await desk.until(() => [...desk.listener.connections][0].facts.info !== undefined, 'the session');
    desk.pass(OPTIONS.connectTimeoutMs - 4000 - 1);
    expect(desk.closes).toEqual([]);
    desk.nowMs += 1;
    desk.listener.tickYoung(desk.nowMs);
    await shaken.gone();
    await desk.until(() => desk.closes.length === 1, 'the close');
    expect(desk.closes).toEqual(['ERR_SESSION_CONNECT_TIMEOUT']);
  });

  it('end a publisher whose first frame does not come, and one that falls silent', async () => {
    desk = await Desk.open({ pingIntervalMs: 10 ** 9 });
    const silent = await desk.client();
    await silent.publish('silent');
    desk.pass(OPTIONS.firstFrameTimeoutMs - 1);
    expect(desk.publishEnds).toEqual([]);
    desk.pass(1);
    await silent.gone();
    const stopped = await desk.client();
    const id = await stopped.publish('stopped');
    stopped.message(8, Buffer.from([0xaf, 1, 0]), { messageStreamId: id });
    await desk.until(() => desk.publications.get('stopped')?.audioFrames === 1, 'the frame');
    desk.pass(OPTIONS.idleTimeoutMs - 1);
    expect(desk.publishEnds.length).toBe(1);
    desk.pass(1);
    await stopped.gone();
    expect(desk.publishEnds).toEqual(['silent:idle', 'stopped:idle']);
    expect(desk.closes).toEqual(['ERR_PUBLISH_NO_MEDIA', 'ERR_PUBLISH_IDLE']);
  });
});

describe('what a connection may send', () => {
  const ack = Buffer.alloc(4);
  const ACK_BYTES = 16;

  it('before it publishes or plays is bounded, handshake not counted', async () => {
    desk = await Desk.open({ preAuthBytes: 5000 });
    const client = await desk.client();
    const [connection] = desk.listener.connections;
    const handshakeBytes = 3073;
    while (connection.bytesIn - handshakeBytes + ACK_BYTES <= 5000) {
      const before = connection.bytesIn;
      client.message(3, ack);
      await desk.until(() => connection.bytesIn === before + ACK_BYTES, 'the message');
    }
    expect(client.closed).toBe(false);
    client.message(3, ack);
    await client.gone();
    expect(desk.closes).toEqual(['ERR_LIMIT_PREAUTH_BYTES']);
  });

  it('while it plays is bounded as a rate', async () => {
    desk = await Desk.open({ inboundBytesPerSecond: 1000 });
    const player = await desk.client();
    await player.play('cam');
    for (let sent = 0; sent < 650; sent++) player.message(3, ack);
    await player.gone();
    expect(desk.closes).toEqual(['ERR_LIMIT_INBOUND_RATE']);
    expect(desk.playEnds).toEqual(['cam:limit']);
  });

  it('and not read the answers to is bounded', async () => {
    desk = await Desk.open({ commandsPerSecond: 10 ** 9 });
    const publisher = await desk.client();
    await publisher.publish('cam');
    publisher.socket.pause();
    const ping = Buffer.concat([Buffer.from([0, 6]), ack]);
    const flood = Buffer.concat(Array.from({ length: 2000 }, () => Buffer.concat([header(6), ping])));
    const [connection] = desk.listener.connections;
    for (let round = 0; round < 2000 && desk.closes.length === 0 && connection.publishing === 1; round++) {
      await new Promise<void>((resolve) => publisher.socket.write(flood, () => resolve()));
      desk.pass(0);
    }
    await desk.until(() => desk.closes.length === 1, 'the close');
    expect(desk.closes).toEqual(['ERR_LIMIT_UNREAD']);
    expect(desk.publishEnds).toEqual(['cam:limit']);
  });
});

/** A fmt 0 header of a user control message of `length` bytes. */
function header(length: number): Buffer {
  return Buffer.from([2, 0, 0, 0, 0, 0, length, 4, 0, 0, 0, 0]);
}
