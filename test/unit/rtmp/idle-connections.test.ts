import { afterEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/core/errors.js';
import { MemoryAccount } from '../../../src/core/memory-account.js';
import { IdleConnections } from '../../../src/rtmp/idle-connections.js';
import { ListenerHarness, OPTIONS } from '../../support/rtmp/listener-harness.js';
import { RawRtmp } from '../../support/rtmp-client.js';

let harness: ListenerHarness;

afterEach(async () => {
  await harness?.close();
});

const FRAME = Buffer.from([0xaf, 1, 0]);

/** A connected client that the server knows as idle. */
async function idler(): Promise<RawRtmp> {
  const before = harness.listener.idle;
  const client = await harness.client();
  await harness.until(() => harness.listener.idle === before + 1, 'the idle connection');
  return client;
}

/** What the client was told when it had to go. */
async function told(client: RawRtmp): Promise<unknown> {
  await client.gone();
  return (await client.status('NetConnection.Connect.Closed')).values[3];
}

/** The information object of the last status of a connection that is closed with `code`. */
function closedFor(code: 'ERR_SESSION_IDLE_TIMEOUT' | 'ERR_LIMIT_IDLE') {
  return { level: 'status', code: 'NetConnection.Connect.Closed', description: ERRORS[code].says };
}

describe('the list of idle connections', () => {
  it('begins with the one that has been idle for longest, and forgets those that are idle no longer', () => {
    const idle = new IdleConnections<string>();
    expect([idle.size, idle.longest]).toEqual([0, undefined]);
    for (const name of ['a', 'b', 'c', 'a']) idle.note(name, true);
    expect([idle.size, idle.longest]).toEqual([3, 'a']);
    idle.note('a', false);
    expect([idle.size, idle.longest]).toEqual([2, 'b']);
    idle.note('a', true);
    idle.note('b', false);
    idle.note('never', false);
    expect([...idle]).toEqual(['c', 'a']);
  });
});

describe('an idle connection', () => {
  it('stays for its time, far past the time for connect, and is told why it has to go', async () => {
    harness = await ListenerHarness.open();
    const client = await idler();
    harness.pass(OPTIONS.idleMs - 1);
    harness.listener.tickYoung(harness.nowMs);
    expect([harness.closes, client.closed]).toEqual([[], false]);
    harness.pass(1);
    expect(await told(client)).toEqual(closedFor('ERR_SESSION_IDLE_TIMEOUT'));
    await harness.until(() => harness.closes.length === 1, 'the close');
    expect(harness.closes).toEqual(['ERR_SESSION_IDLE_TIMEOUT']);
    expect([harness.listener.idle, harness.listener.connections.size]).toEqual([0, 0]);
  });

  it('may publish, stop, wait and publish again: its time begins anew each time', async () => {
    harness = await ListenerHarness.open();
    const client = await idler();
    const id = await client.createStream();
    for (const name of ['first', 'second']) {
      harness.pass(OPTIONS.idleMs - 1);
      const from = client.received.length;
      client.command(id, 'publish', 0, null, name, 'live');
      await client.status('NetStream.Publish.Start', { from });
      expect(harness.listener.idle).toBe(0);
      client.message(8, FRAME, { messageStreamId: id });
      await harness.until(() => harness.publications.get(name)?.audioFrames === 1, 'the frame');
      client.command(id, 'closeStream', 0, null);
      await harness.until(() => harness.listener.idle === 1, 'the end of the publish');
    }
    expect(harness.publishEnds).toEqual(['first:client_unpublish', 'second:client_unpublish']);
    harness.pass(OPTIONS.idleMs - 1);
    expect(harness.closes).toEqual([]);
    harness.pass(1);
    expect(await told(client)).toEqual(closedFor('ERR_SESSION_IDLE_TIMEOUT'));
  });

  it('may play, stop and wait, as well', async () => {
    harness = await ListenerHarness.open();
    const client = await idler();
    const id = await client.play('cam');
    await harness.until(() => harness.listener.idle === 0, 'the play');
    harness.pass(OPTIONS.connectTimeoutMs);
    client.command(id, 'closeStream', 0, null);
    await harness.until(() => harness.listener.idle === 1, 'the end of the play');
    harness.pass(OPTIONS.idleMs - 1);
    expect(harness.closes).toEqual([]);
    harness.pass(1);
    expect(await told(client)).toEqual(closedFor('ERR_SESSION_IDLE_TIMEOUT'));
  });

  it('that answers no ping is told and closed', async () => {
    harness = await ListenerHarness.open();
    const client = await idler();
    client.answersPings = false;
    for (let second = 0; second < 149; second++) harness.pass(1000);
    await client.expect((m) => m.type === 4 && m.payload[1] === 6, 'a ping');
    expect(harness.closes).toEqual([]);
    harness.pass(1000);
    await client.gone();
    await client.status('NetConnection.Connect.Closed');
    await harness.until(() => harness?.closes.length === 1, 'the close');
    expect(harness.closes).toEqual(['ERR_SESSION_PING_TIMEOUT']);
  });
});

describe('when all places are taken', () => {
  it('the connection that has been idle for longest is told and goes for a new one, until none is idle', async () => {
    harness = await ListenerHarness.open({ maxConnections: 3 });
    const publisher = await idler();
    const idle = await idler();
    await publisher.publish('cam');
    const late = await idler();
    const newcomers: RawRtmp[] = [];
    for (const [expected, client] of [
      [1, idle],
      [2, late],
    ] as const) {
      newcomers.push(harness.keep(await RawRtmp.shaken({ port: harness.port })));
      expect(harness.listener.connections.size).toBe(3);
      expect(await told(client)).toEqual(closedFor('ERR_LIMIT_IDLE'));
      await harness.until(() => harness.closes.length === expected, 'the close');
    }
    expect(harness.closes).toEqual(['ERR_LIMIT_IDLE', 'ERR_LIMIT_IDLE']);
    expect([harness.refusals, harness.listener.idle]).toEqual([[], 0]);

    // Nobody is idle: one publishes, two have not connected yet.
    await harness.keep(await RawRtmp.open({ port: harness.port })).gone();
    expect([harness.refusals, harness.listener.connections.size]).toEqual([['ERR_LIMIT_CONNECTIONS'], 3]);
    expect([publisher.closed, ...newcomers.map(({ closed }) => closed)]).toEqual([false, false, false]);
  });

  it('who plays, or waits for an answer, is not idle', async () => {
    harness = await ListenerHarness.open({ maxConnections: 2 });
    harness.holdPublishes = true;
    const player = await idler();
    await player.play('cam');
    const asking = await idler();
    asking.command(await asking.createStream(), 'publish', 0, null, 'other', 'live');
    await harness.until(() => harness.undecided === 1 && harness.listener.idle === 0, 'the question');
    await harness.keep(await RawRtmp.open({ port: harness.port })).gone();
    expect(harness.refusals).toEqual(['ERR_LIMIT_CONNECTIONS']);
    harness.decide('accept');
    await asking.status('NetStream.Publish.Start');
  });

  it('each place is given once, however many come at once', async () => {
    harness = await ListenerHarness.open({ maxConnections: 10 });
    const idle: RawRtmp[] = [];
    for (let n = 0; n < 10; n++) idle.push(await idler());
    const all = await Promise.all(Array.from({ length: 30 }, () => RawRtmp.open({ port: harness.port })));
    for (const client of all) harness.keep(client);
    await harness.until(() => harness.refusals.length === 20, 'the refusals');
    for (const client of idle) await told(client);
    expect([harness.listener.connections.size, harness.listener.idle]).toEqual([10, 0]);
    await harness.until(() => harness.codecs.live === 10, 'the codecs');
    for (const client of all) client.destroy();
    await harness.until(() => harness.listener.connections.size === 0, 'all to be gone');
    expect(await idler()).toMatchObject({ closed: false });
  });
});

describe('when memory is short', () => {
  it('connections that have published and are idle go first, the longest idle before others, and no more than must', async () => {
    harness = await ListenerHarness.open();
    const small = await idler();
    const published: RawRtmp[] = [];
    for (const name of ['one', 'two', 'three']) {
      const client = await idler();
      const id = await client.publish(name);
      client.message(9, Buffer.alloc(50_000, 0x17), { messageStreamId: id });
      await harness.until(() => harness.publications.get(name)?.videoFrames === 1, 'the frame');
      published.push(client);
      if (name === 'three') continue;
      client.command(id, 'closeStream', 0, null);
      await harness.until(() => harness.publishEnds.length === published.length, 'the end of the publish');
    }
    const [one, two, three] = published;
    const linear = (account: MemoryAccount): number => account.list().find(({ kind }) => kind === 'linear')!.bytes;
    const join = (limit?: number): MemoryAccount => {
      const account = new MemoryAccount(limit);
      harness.codecs.joinAccount(account);
      harness.listener.joinAccount(account);
      return account;
    };
    const { total } = join();
    join(total).relieve();
    expect(harness.listener.idle).toBe(3);
    const account = join(total - 1);
    const before = linear(account);
    account.relieve();
    expect(await told(one)).toEqual(closedFor('ERR_LIMIT_IDLE'));
    await harness.until(() => harness.codecs.live === 3, 'its codec');
    expect(linear(account)).toBeLessThan(before);
    expect([account.isOver, harness.listener.idle]).toEqual([false, 2]);

    join(1).relieve();
    expect(await told(two)).toEqual(closedFor('ERR_LIMIT_IDLE'));
    expect([harness.listener.idle, small.closed, three.closed]).toEqual([1, false, false]);
    expect(harness.publishEnds).toEqual(['one:client_unpublish', 'two:client_unpublish']);
  });
});
