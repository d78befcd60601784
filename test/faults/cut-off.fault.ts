import { connect } from 'nats';
import { describe, expect, it } from 'vitest';
import { readStored, type Stored, violations } from '../support/faults/checker.js';
import { NodeUnderTest, type Workload } from '../support/faults/node-under-test.js';
import { seeds } from '../support/faults/scale.js';
import { afterwards, broker, eventsFor } from '../support/faults/setting.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { seeded } from '../support/random.js';
import { waitFor } from '../support/wait.js';

/**
 * Short, so that another node ends the streams soon, and long enough that a node on a busy machine is not taken for
 * lost twice.
 */
const LEASE = { leaseMs: 4000, heartbeatMs: 500 };
/** More than a node holds in memory (4,096). */
const BACKLOG = 10_000;
/** Streams that are open all the time. */
const STREAMS = 20;

async function run(events: Parameters<typeof NodeUnderTest.start>[0], workload: Workload): Promise<NodeUnderTest> {
  const node = await NodeUnderTest.start(events, workload);
  afterwards(() => node.kill());
  return node;
}

function lost(stored: readonly Stored[]): number {
  return stored.filter(({ event }) => event.type === 'io.sluice.stream.ended' && event.data['reason'] === 'node_lost')
    .length;
}

/** Counts the ends of lost nodes as a server receives them. */
async function watchLost(url: string): Promise<() => number> {
  const connection = await connect({ servers: url });
  afterwards(() => connection.close());
  let count = 0;
  connection.subscribe('sluice.v1.evt.*.*.*.stream.ended.end', {
    callback: (_error, message) => {
      if (message.string().includes('"reason":"node_lost"')) count++;
    },
  });
  await connection.flush();
  return () => count;
}

/** Nothing waits any more, and the stored events keep the contract. @returns them */
async function holds(cut: NodeUnderTest, url: string, seed: number): Promise<Stored[]> {
  cut.command('rest');
  await cut.saw('worked');
  cut.command('end');
  const counters = await cut.settle(180_000);
  const stored = await readStored(url);
  expect(violations(stored, [cut.ledger]), `seed ${seed}`).toEqual([]);
  expect(counters).toMatchObject({ dropped: 0, quarantined: 0, pending: 0 });
  return stored;
}

describe('a node that is cut off for longer than its lease', () => {
  it.each(seeds(2, 50))('adds nothing to a stream that a peer has ended, whatever waits: seed %i', async (seed) => {
    const random = seeded(seed);
    const server = await broker(random() < 0.5 ? '2.9.10' : '2.10.27');
    const proxy = await TcpProxy.start(server.port);
    afterwards(() => proxy.stop());
    const cut = await run(eventsFor(proxy.url, LEASE), {
      ...{ seed, nodeId: 'cut', streams: 1e6, stepMs: 5, concurrency: 60, lingerShare: 0.1 },
    });
    const peer = await run(eventsFor(server.url, LEASE), { seed, nodeId: 'peer', streams: 0, stepMs: 5 });
    const ends = await watchLost(server.url);
    await cut.until((stats) => (stats['openStreams'] as number) > 80 && (stats['published'] as number) > 300);
    // Packets are dropped silently, as when a cable is pulled and put back in.
    if (random() < 0.5) proxy.stall();
    else proxy.reset();
    await cut.until((stats) => (stats['pending'] as number) > BACKLOG / 4);
    cut.command(`end ${random() * 0.8}`);
    await cut.until((stats) => (stats['pending'] as number) > BACKLOG);
    cut.command('rest');
    // It comes back when the other node has just begun to end its streams, or long after.
    await waitFor(() => ends() > 0, { timeoutMs: 60_000, everyMs: 1, what: 'the peer to end a stream' });
    if (random() < 0.5) {
      await waitFor(() => peer.ledger.some(({ message }) => /a node is lost/.test(String(message))), {
        timeoutMs: 60_000,
        what: 'the peer to have ended all',
      });
      cut.command(`end ${random() * 0.8}`);
    }
    proxy.pass();
    const stored = await holds(cut, server.url, seed);
    expect(lost(stored)).toBeGreaterThan(0);
    expect(stored.length).toBeGreaterThan(BACKLOG);
    await peer.kill();
  });
});

describe('a node that stands still for longer than its lease', () => {
  it.each(seeds(2, 50))('adds nothing when it wakes in the midst of its end: seed %i', async (seed) => {
    const random = seeded(seed);
    const server = await broker();
    const frozen = await run(eventsFor(server.url, LEASE), {
      ...{ seed, nodeId: 'frozen', streams: 1e6, stepMs: 20, concurrency: 60, lingerShare: 0.3 },
    });
    const peer = await run(eventsFor(server.url, LEASE), { seed, nodeId: 'peer', streams: 0, stepMs: 5 });
    const ends = await watchLost(server.url);
    await frozen.until((stats) => (stats['openStreams'] as number) > 150);
    frozen.signal('SIGSTOP');
    await waitFor(() => ends() > 0, { timeoutMs: 60_000, everyMs: 1, what: 'the peer to end a stream' });
    const until = performance.now() + random() * 300;
    await waitFor(() => performance.now() > until, { everyMs: 5 });
    frozen.signal('SIGCONT');
    await waitFor(() => frozen.ledger.some((line) => line.t === 'fenced'), {
      timeoutMs: 60_000,
      what: 'it to learn it',
    });
    expect(lost(await holds(frozen, server.url, seed))).toBeGreaterThan(0);
    await peer.kill();
  });
});

describe('a stream that is older than what the broker keeps', () => {
  it.each(['2.9.10', '2.10.27'] as const)('is ended once when its node is lost: nats-server %s', async (version) => {
    const server = await broker(version);
    const kept = { ...LEASE, maxAgeMs: 5000 };
    const own = eventsFor(server.url, kept);
    const gone = await run(own, {
      seed: 1,
      nodeId: 'gone',
      streams: STREAMS,
      concurrency: STREAMS,
      stepMs: 5,
      linger: true,
    });
    const peer = await run(eventsFor(server.url, kept), { seed: 1, nodeId: 'peer', streams: 0, stepMs: 5 });
    const ends: string[] = [];
    const connection = await connect({ servers: server.url });
    afterwards(() => connection.close());
    connection.subscribe('sluice.v1.evt.*.*.*.stream.ended.end', {
      callback: (_error, message) => ends.push(message.json<Stored['event']>().streamid),
    });
    await connection.flush();
    await gone.saw('worked');
    const open = gone.ledger.filter(({ t }) => t === 'started').map(({ id }) => id);
    expect(open).toHaveLength(STREAMS);
    const manager = await connection.jetstreamManager();
    await waitFor(async () => (await manager.streams.info('SLUICE_EVENTS')).state.messages === 0, {
      timeoutMs: 60_000,
      everyMs: 200,
      what: 'the broker to forget their starts',
    });
    expect(ends).toEqual([]);
    await gone.kill();
    await waitFor(() => ends.length >= STREAMS, {
      timeoutMs: 60_000,
      what: () => `the ends; ${ends.length} are there`,
    });
    // It comes back on its own disk: its journal has streams without an end, and they have one by now.
    const back = await run(own, { seed: 2, nodeId: 'gone', streams: 0, stepMs: 5 });
    const settled = await back.until((stats) => stats['pending'] === 0 && stats['busState'] === 'ready');
    expect(settled).toMatchObject({ dropped: 0, quarantined: 0 });
    await connection.flush();
    expect(ends.toSorted()).toEqual(open.toSorted());
    await peer.kill();
  });
});
