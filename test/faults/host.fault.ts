import { describe, expect, it } from 'vitest';
import type { EventsOptions } from '../../src/events/options.js';
import { readStored, type Stored, violations } from '../support/faults/checker.js';
import { NodeUnderTest, type Workload } from '../support/faults/node-under-test.js';
import { SEED, scaled } from '../support/faults/scale.js';
import { afterwards, broker, eventsFor } from '../support/faults/setting.js';
import { SmallDisk } from '../support/faults/small-disk.js';
import { seeded } from '../support/random.js';
import { waitFor } from '../support/wait.js';

async function run(events: EventsOptions, workload: Partial<Workload> = {}): Promise<NodeUnderTest> {
  const node = await NodeUnderTest.start(events, { seed: SEED, streams: 200, stepMs: 100, ...workload });
  afterwards(() => node.kill());
  return node;
}

function reasons(stored: readonly Stored[]): Record<string, number> {
  const out: Record<string, number> = {};
  for (const { event } of stored) {
    if (event.type !== 'io.sluice.stream.ended') continue;
    const reason = String(event.data['reason']);
    out[reason] = (out[reason] ?? 0) + 1;
  }
  return out;
}

describe('a host that goes', () => {
  it('ends every stream with server_drain on SIGTERM, tells it to NATS and exits 0', async () => {
    const server = await broker();
    const node = await run(eventsFor(server.url), { linger: true, stepMs: 30 });
    await node.until((stats) => (stats['openStreams'] as number) > 30);
    node.signal('SIGTERM');
    expect(await node.exited).toEqual({ code: 0, signal: null });
    const stored = await readStored(server.url);
    expect(violations(stored, [node.ledger]), `seed ${SEED}`).toEqual([]);
    expect(reasons(stored)['server_drain']).toBeGreaterThan(30);
    expect(stored.at(-1)?.event.type).toBe('io.sluice.node.stopped');
  });

  it('leaves what NATS could not take in the journal on SIGTERM, and the next start delivers it', async () => {
    const server = await broker();
    const events = eventsFor(server.url);
    const node = await run(events, { linger: true, stepMs: 30 });
    await node.until((stats) => (stats['openStreams'] as number) > 30);
    await server.kill();
    node.signal('SIGTERM');
    expect((await node.exited).code).toBe(0);
    await server.start();
    const next = await run(events, { streams: 0 });
    await next.until((stats) => stats['pending'] === 0 && stats['busState'] === 'ready');
    const stored = await readStored(server.url);
    expect(violations(stored, [node.ledger, next.ledger]), `seed ${SEED}`).toEqual([]);
    expect(reasons(stored)['server_drain']).toBeGreaterThan(30);
    expect(reasons(stored)['node_restart']).toBeUndefined();
  });

  it('keeps the contract over SIGKILLs at random points', async () => {
    const server = await broker();
    const random = seeded(SEED);
    const events = eventsFor(server.url, { historyBytes: 256 << 10, maxJournalBytes: 8 << 20 });
    const ledgers: (typeof NodeUnderTest.prototype.ledger)[] = [];
    for (let kills = 0; kills < scaled(15, 50); kills++) {
      const node = NodeUnderTest.launch(events, { seed: SEED + kills, streams: 1000, stepMs: 20, concurrency: 60 });
      afterwards(() => node.kill());
      await node.saw('open');
      const atMs = 20 + random() * 400;
      const from = performance.now();
      await waitFor(() => performance.now() - from > atMs, { everyMs: 1 });
      await node.kill();
      ledgers.push(node.ledger);
    }
    const last = await run(events, { streams: 0 });
    await last.until((stats) => stats['pending'] === 0 && stats['busState'] === 'ready');
    const stored = await readStored(server.url);
    expect(violations(stored, ledgers), `seed ${SEED}`).toEqual([]);
    expect(reasons(stored)['node_restart']).toBeGreaterThan(100);
    expect(last.stats()).toMatchObject({ quarantined: 0, dropped: 0 });
  });

  it('is ended by a peer when it never comes back, and adds nothing when it does', async () => {
    const server = await broker();
    const lease = { leaseMs: 2000, heartbeatMs: 500 };
    const events = eventsFor(server.url, lease);
    const doomed = await run(events, { linger: true, streams: 50, nodeId: 'doomed', stepMs: 20 });
    const peer = await run(eventsFor(server.url, lease), { streams: 20, nodeId: 'peer' });
    await doomed.saw('worked');
    await doomed.kill();
    await waitFor(async () => (reasons(await readStored(server.url))['node_lost'] ?? 0) >= 50, {
      timeoutMs: 30_000,
      everyMs: 300,
    });
    const back = await run(events, { streams: 0, nodeId: 'doomed' });
    await back.until((stats) => stats['pending'] === 0 && stats['busState'] === 'ready');
    await peer.settle();
    const stored = await readStored(server.url);
    expect(violations(stored, [doomed.ledger, peer.ledger]), `seed ${SEED}`).toEqual([]);
    expect(reasons(stored)).toMatchObject({ node_lost: 50 });
    expect(stored.filter((m) => m.event.type === 'io.sluice.node.lost')).toHaveLength(1);
  });

  it('is ended by a peer while it stands still, learns it when it wakes, and adds nothing', async () => {
    const server = await broker();
    const lease = { leaseMs: 2000, heartbeatMs: 500 };
    const frozen = await run(eventsFor(server.url, lease), { linger: true, streams: 50, nodeId: 'frozen', stepMs: 20 });
    const peer = await run(eventsFor(server.url, lease), { streams: 20, nodeId: 'peer' });
    await frozen.saw('worked');
    frozen.signal('SIGSTOP');
    await waitFor(async () => (reasons(await readStored(server.url))['node_lost'] ?? 0) >= 50, {
      timeoutMs: 30_000,
      everyMs: 300,
    });
    frozen.signal('SIGCONT');
    await waitFor(() => frozen.ledger.filter((line) => line.t === 'fenced').length === 50, { timeoutMs: 20_000 });
    await frozen.settle();
    await peer.settle();
    const stored = await readStored(server.url);
    expect(violations(stored, [frozen.ledger, peer.ledger]), `seed ${SEED}`).toEqual([]);
    expect(reasons(stored)).toMatchObject({ node_lost: 50 });
  });
});

describe('a host with a full disk', () => {
  it('refuses publishes, says so, still ends every stream, and recovers when there is space', async () => {
    const server = await broker();
    const disk = new SmallDisk(1024);
    afterwards(() => disk.unmount());
    const events = {
      ...eventsFor(server.url, { maxJournalBytes: 64 << 20, historyBytes: 64 << 20 }),
      dir: `${disk.path}/data`,
    };
    const node = await run(events, { streams: 200, stepMs: 60 });
    await node.until((stats) => (stats['published'] as number) > 60);
    disk.fill();
    await node.until((stats) => stats['journalState'] === 'full' && (stats['refusedStarts'] as number) > 10);
    // Streams that were running go on to their ends meanwhile.
    await node.until((stats) => stats['openStreams'] === 0);
    disk.grow(65_536);
    const counters = await node.settle();
    const stored = await readStored(server.url);
    expect(violations(stored, [node.ledger]), `seed ${SEED}`).toEqual([]);
    expect(node.ledger.filter((line) => line.t === 'refused').length).toBeGreaterThan(10);
    expect(node.ledger.filter((line) => line.t === 'started')).toHaveLength(200);
    expect(counters).toMatchObject({ journalState: 'ok', pending: 0 });
    expect(stored.length).toBe(counters['emitted']);
  });

  it('keeps the contract when it is killed on the full disk', async () => {
    const server = await broker();
    const disk = new SmallDisk(1024);
    afterwards(() => disk.unmount());
    const events = {
      ...eventsFor(server.url, { maxJournalBytes: 64 << 20, historyBytes: 64 << 20 }),
      dir: `${disk.path}/data`,
    };
    const node = await run(events, { streams: 200, stepMs: 60, linger: true });
    await node.until((stats) => (stats['openStreams'] as number) > 30);
    disk.fill();
    await node.until((stats) => stats['journalState'] === 'full' && (stats['refusedStarts'] as number) > 10);
    await node.kill();
    const next = await run(events, { streams: 0 });
    await next.until((stats) => stats['pending'] === 0 && stats['busState'] === 'ready');
    expect(violations(await readStored(server.url), [node.ledger]), `seed ${SEED}`).toEqual([]);
  });
});

describe('a host with company', () => {
  it('keeps the contract with a second node that publishes the same names', async () => {
    const server = await broker();
    const names = ['cam1', 'cam2', 'cam3'];
    const one = await run(eventsFor(server.url), { streams: 100, nodeId: 'one', names });
    const two = await run(eventsFor(server.url), { streams: 100, nodeId: 'two', names, seed: SEED + 1 });
    await one.settle();
    await two.settle();
    expect(violations(await readStored(server.url), [one.ledger, two.ledger]), `seed ${SEED}`).toEqual([]);
  });

  it('keeps the contract with a second process that was given the same node id', async () => {
    const server = await broker();
    const lease = { leaseMs: 1500, heartbeatMs: 400 };
    const one = await run(eventsFor(server.url, lease), { streams: 100, nodeId: 'same', stepMs: 200 });
    const two = await run(eventsFor(server.url, lease), { streams: 100, nodeId: 'same', stepMs: 200, seed: SEED + 1 });
    await one.settle();
    await two.settle();
    const stored = await readStored(server.url);
    expect(violations(stored, [one.ledger, two.ledger]), `seed ${SEED}`).toEqual([]);
    expect(reasons(stored)).toEqual({ client_unpublish: 200 });
  });
});

describe('a host whose clock jumps', () => {
  it('keeps order and durations when the wall clock goes an hour back and two forward', async () => {
    const server = await broker();
    const node = await run(eventsFor(server.url), { streams: 100 });
    await node.until((stats) => (stats['published'] as number) > 100);
    node.command('shift -3600000');
    await node.until((stats) => (stats['published'] as number) > 300);
    node.command('shift 7200000');
    await node.settle();
    const stored = await readStored(server.url);
    expect(violations(stored, [node.ledger]), `seed ${SEED}`).toEqual([]);
    const ends = stored.filter((m) => m.event.type === 'io.sluice.stream.ended');
    expect(ends).toHaveLength(100);
    for (const { event } of ends) {
      expect(event.data['durationMs']).toBeGreaterThanOrEqual(0);
      // The wall clock was shifted by hours.
      expect(event.data['durationMs']).toBeLessThan(1_800_000);
    }
  });
});
