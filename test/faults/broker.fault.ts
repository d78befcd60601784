import { connect, type NatsConnection } from 'nats';
import { describe, expect, it } from 'vitest';
import { readStored, violations } from '../support/faults/checker.js';
import { holds } from '../support/faults/contract.js';
import type { NatsVersion } from '../support/faults/nats-binaries.js';
import { NatsCluster } from '../support/faults/nats-process.js';
import { NodeUnderTest } from '../support/faults/node-under-test.js';
import { SEED, scaled } from '../support/faults/scale.js';
import { afterwards, broker } from '../support/faults/setting.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

async function node(
  urls: readonly string[],
  o: { streams?: number; stepMs?: number; replicas?: number; heartbeatMs?: number } = {},
): Promise<NodeUnderTest> {
  const events = {
    dir: tempDir('events'),
    nats: { urls, pingIntervalMs: 1000 },
    publishTimeoutMs: 1000,
    replicas: o.replicas ?? 1,
    heartbeatMs: o.heartbeatMs ?? 5000,
  };
  const started = await NodeUnderTest.start(events, { seed: SEED, streams: o.streams ?? 200, stepMs: o.stepMs ?? 100 });
  afterwards(() => started.kill());
  return started;
}

async function admin(url: string): Promise<NatsConnection> {
  const connection = await connect({ servers: url, maxReconnectAttempts: -1 });
  afterwards(() => connection.close());
  return connection;
}

const versions: NatsVersion[] = ['2.9.10', '2.10.27'];

describe.each(versions)('200 streams on nats-server %s', (version) => {
  it('keeps the contract when the server is down at start', async () => {
    const server = await broker(version, false);
    const started = await node([server.url], { stepMs: 50 });
    await started.until((stats) => (stats['pending'] as number) > 300);
    await server.start();
    await holds(started, server.url);
  });

  it('keeps the contract when the server is killed and started again in mid-run', async () => {
    const server = await broker(version);
    const started = await node([server.url], { stepMs: scaled(200, 2000) });
    for (let kills = 0; kills < scaled(2, 8); kills++) {
      const before = (started.stats()?.['published'] as number | undefined) ?? 0;
      await started.until((stats) => (stats['published'] as number) > before + 50);
      await server.kill();
      await started.until((stats) => stats['busState'] === 'disconnected');
      await server.start();
    }
    await holds(started, server.url);
  });

  it('keeps the contract when the stream is full and then made larger', async () => {
    const server = await broker(version);
    const connection = await admin(server.url);
    const manager = await connection.jetstreamManager();
    const subjects = ['sluice.v1.evt.>', 'sluice.v1.node.>'];
    await manager.streams.add({ name: 'SLUICE_EVENTS', subjects, discard: 'new' as never, max_bytes: 100_000 });
    const started = await node([server.url], { stepMs: 50 });
    await started.until((stats) => stats['busState'] === 'stream_full');
    await started.saw('worked');
    await manager.streams.update('SLUICE_EVENTS', { max_bytes: 100_000_000 });
    // With `discard: new` nats-server checks a message without its record's overhead: the last one that fits may take
    // the stream past `max_bytes`, and then the server itself removes the oldest. It is the node's own start here, and
    // never more than that.
    await holds(started, server.url, async () => {
      const { state } = await manager.streams.info('SLUICE_EVENTS');
      expect(state.first_seq).toBeLessThanOrEqual(2);
      return state.first_seq - 1;
    });
  });

  it('keeps what follows when the stream is deleted, and makes it anew with the right settings', async () => {
    const server = await broker(version);
    const connection = await admin(server.url);
    const seen = new Set<string>();
    connection.subscribe('sluice.v1.evt.>', {
      callback: (_error, message) => void seen.add(message.headers?.get('Nats-Msg-Id') ?? ''),
    });
    await connection.flush();
    const manager = await connection.jetstreamManager();
    const started = await node([server.url], { stepMs: 150 });
    await started.until((stats) => (stats['published'] as number) > 200);
    await manager.streams.delete('SLUICE_EVENTS');
    const counters = await started.settle();
    const stored = await readStored(server.url);
    expect(
      violations(stored, [[]], { fragment: true }).filter((text) => !text.endsWith('nobody asked for it')),
    ).toEqual([]);
    const { config } = await manager.streams.info('SLUICE_EVENTS');
    expect(config).toMatchObject({ discard: 'new', storage: 'file', retention: 'limits' });
    // Every event of every stream crossed the wire, so none was lost between the two.
    const ended = started.ledger.filter((line) => line.t === 'ended').map((line) => line.id);
    expect(ended).toHaveLength(200);
    for (const id of ended) expect(seen.has(`${id}:end`) && seen.has(`${id}:1`), String(id)).toBe(true);
    expect(counters).toMatchObject({ dropped: 0, quarantined: 0, pending: 0 });
  });
});

describe('a server that stands still', () => {
  it(`is noticed, waited for, and nothing is lost or doubled`, async () => {
    const server = await broker('2.9.10');
    const started = await node([server.url], { stepMs: 300 });
    await started.until((stats) => (stats['published'] as number) > 50);
    server.signal('SIGSTOP');
    const stoppedAt = performance.now();
    await started.until((stats) => stats['busState'] !== 'ready');
    await waitFor(() => performance.now() - stoppedAt > scaled(5000, 30_000), { timeoutMs: 40_000 });
    server.signal('SIGCONT');
    await holds(started, server.url);
  });
});

describe('a cluster of three, three replicas', () => {
  it('keeps the contract when the leader of the stream is killed, and every replica agrees', async () => {
    const cluster = await NatsCluster.start('2.10.27');
    afterwards(() => cluster.stop());
    const started = await node(cluster.urls, { stepMs: scaled(300, 4000), replicas: 3 });
    for (let kills = 0; kills < scaled(1, 4); kills++) {
      const before = (started.stats()?.['published'] as number | undefined) ?? 0;
      await started.until((stats) => (stats['published'] as number) > before + 100);
      const leader = await cluster.leaderOf('SLUICE_EVENTS');
      await leader.kill();
      const lost = (started.stats()?.['published'] as number | undefined) ?? 0;
      await started.until((stats) => (stats['published'] as number) > lost);
      await leader.start();
    }
    await holds(started, cluster.urls[0]);
    const copies = await cluster.readFromEveryReplica('SLUICE_EVENTS');
    expect(new Set(copies.map((stored) => JSON.stringify(stored))).size).toBe(1);
  });

  it('goes on hearing a node’s heartbeats when their leader changes', async () => {
    const cluster = await NatsCluster.start('2.10.27');
    afterwards(() => cluster.stop());
    const started = await node(cluster.urls, { streams: 20, replicas: 3, heartbeatMs: 50 });
    const connection = await admin(cluster.urls[0]);
    const manager = await connection.jetstreamManager();
    const beats = async (): Promise<number | undefined> =>
      (await manager.streams.info('KV_SLUICE_NODES').catch(() => undefined))?.state.last_seq;
    await waitFor(async () => ((await beats()) ?? 0) > 3, { timeoutMs: 30_000, what: 'heartbeats' });
    for (let changes = 0; changes < scaled(3, 20); changes++) {
      const leader = await cluster.leaderOf('KV_SLUICE_NODES');
      await connection.request('$JS.API.STREAM.LEADER.STEPDOWN.KV_SLUICE_NODES', '').catch(() => undefined);
      await waitFor(async () => (await cluster.leaderOf('KV_SLUICE_NODES')) !== leader, { timeoutMs: 30_000 });
      const before = await waitFor(beats);
      await waitFor(async () => ((await beats()) ?? 0) > before + 3, { timeoutMs: 30_000, what: 'more heartbeats' });
    }
    await holds(started, cluster.urls[0]);
  });

  it('is refused on a server that loses acknowledged events with replicas', async () => {
    const cluster = await NatsCluster.start('2.9.10');
    afterwards(() => cluster.stop());
    const started = await node(cluster.urls, { streams: 5, stepMs: 20, replicas: 3 });
    const stats = await started.until((line) => line['busState'] === 'unsafe_replicas');
    expect(stats['published']).toBe(0);
    expect(stats['busDetail']).toMatch(/2\.9\.10 with 3 replicas/);
  });
});
