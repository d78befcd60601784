import { afterEach, describe, expect, it, vi } from 'vitest';
import { Members } from '../../../../src/events/bus/members.js';
import { NodeAges } from '../../../../src/events/bus/node-ages.js';
import { Reaper } from '../../../../src/events/bus/reaper.js';
import { streamEvent } from '../../../../src/events/envelope.js';
import type { NodeState, StreamState } from '../../../../src/events/event-types.js';
import { AnswerTimeout } from '../../../../src/nats/answer-timeout.js';
import { KvBucket } from '../../../../src/nats/kv-bucket.js';
import { emitter, ManualClock, RecordingLog } from '../../../support/events-parts.js';
import { FakeJetStream, type Trouble } from '../../../support/fake-jetstream.js';

const LEASE_MS = 15_000;
const streamId = '01ARZ3NDEKTSV4RRFFQ69G5FA0';
const gone = { nodeId: 'gone', bootId: 'b1' };
const KEY = 'gone.b1';

afterEach(() => void vi.useRealTimers());

/** A reaper, and a node with one stream whose heartbeat has come just now. */
async function setUp({ ends = true } = {}) {
  const server = new FakeJetStream();
  server.streams.set('SLUICE_EVENTS', []);
  const answerTimeout = new AnswerTimeout(50, 100);
  const streams = new KvBucket<StreamState>('STREAMS', answerTimeout);
  const nodes = new KvBucket<NodeState>('NODES', answerTimeout);
  for (const bucket of [streams, nodes]) await bucket.ensure(server.connection, 1, '');
  const [clock, log] = [new ManualClock(), new RecordingLog()];
  const link = { isUp: true };
  const ages = new NodeAges(nodes, clock, LEASE_MS);
  const requests = { subscribe: () => ({ isRefused: false, close: () => undefined }) };
  const members = new Members({
    nodes,
    requests,
    clock,
    prefix: 'sluice.v1',
    everyMs: 2 * LEASE_MS,
    random: () => 0.5,
  });
  const reaper = new Reaper({
    ...{
      ages,
      members,
      ends,
      streams,
      nodes,
      emitter,
      stream: 'SLUICE_EVENTS',
      answerTimeout,
      log,
      clock,
      leaseMs: LEASE_MS,
    },
    connection: () => (link.isUp ? server.connection : undefined),
  });
  const ref = { streamId, app: 'live', name: 'cam', connectionId: 'c', ...gone };
  const data = { ...ref, peer: { address: '::1', port: 1 }, transport: 'rtmp' as const };
  server.storeEvent(streamEvent({ prefix: 'sluice.v1', ...gone }, ref, 'io.sluice.stream.started', 1, 0, data));
  const heartbeat = (more: Partial<NodeState> = {}): void => {
    const time = new Date(clock.wallMs()).toISOString();
    server.write('NODES', KEY, { ...gone, state: 'up', time, leaseMs: LEASE_MS, streams: 1, stateLagMs: 0, ...more });
  };
  heartbeat();
  const told = () => server.events.slice(1).map(({ event }) => (event['type'] as string).slice('io.sluice.'.length));
  return { server, clock, log, link, ages, members, reaper, heartbeat, told };
}

describe('the reaper', () => {
  it('ends the streams of a node whose heartbeat has not changed for longer than its lease, and tells it once', async () => {
    const { server, clock, log, reaper, told } = await setUp();
    await reaper.poll();
    clock.pass(LEASE_MS + 1);
    await reaper.poll();
    expect(told()).toEqual(['stream.ended', 'node.lost']);
    expect(server.events[1].event).toMatchObject({ data: { reason: 'node_lost', ...gone } });
    expect(server.values('NODES')).toEqual({});
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { node: 'gone', boot: 'b1', streams: 1 } }]);
    clock.pass(LEASE_MS + 1);
    await reaper.poll();
    expect(told()).toHaveLength(2);
  });

  it('ends them beside values of other programs, which are no heartbeats and no streams', async () => {
    const { server, clock, reaper, told } = await setUp();
    const live = { nodeId: 'n2', bootId: 'b2' };
    const junk: unknown[] = [null, 5, 'text', [], {}, { ...live, state: 'up', time: 'never', leaseMs: 1e300 }];
    for (const [i, value] of junk.entries()) {
      server.write('NODES', `junk.b${i}`, value as object);
      server.write('STREAMS', `junk.s${i}`, value as object);
    }
    // It tells of another process than its key.
    server.write('NODES', 'other.b9', { ...live, state: 'up', time: new Date(0).toISOString(), leaseMs: 1 });
    server.write('STREAMS', 'live.odd', { ...gone, app: 'live', name: 'odd', streamId: 'odd', startedAt: 'x' });
    await reaper.poll();
    clock.pass(LEASE_MS + 1);
    await reaper.poll();
    expect(told()).toEqual(['stream.ended', 'node.lost']);
    expect(server.events[1].event).toMatchObject({ data: { streamId, ...gone } });
  });

  const waits: [string, number, Partial<NodeState>][] = [
    ['for no longer than the lease', LEASE_MS, {}],
    ['for no longer than its own lease, which is longer', LEASE_MS + 1, { leaseMs: 2 * LEASE_MS }],
    ['for longer than its own lease, which is shorter than this node’s', 6000, { leaseMs: 5000 }],
  ];
  it.each(waits)('waits when the heartbeat has not changed %s', async (_name, ms, state) => {
    const { clock, reaper, heartbeat, told } = await setUp();
    heartbeat(state);
    await reaper.poll();
    clock.pass(ms);
    await reaper.poll();
    expect(told()).toEqual([]);
  });

  type Parts = Awaited<ReturnType<typeof setUp>>;
  const resets: [string, (parts: Parts) => unknown][] = [
    ['the heartbeat changes', ({ heartbeat }) => heartbeat()],
    ['the connection was lost', ({ ages }) => ages.forget()],
    [
      'the heartbeats could not be listed',
      ({ server, reaper, members }) => {
        members.forget();
        return during(server, 'STREAM.INFO.KV_NODES', reaper);
      },
    ],
    ['the heartbeat could not be read', ({ server, reaper }) => during(server, 'MSG.GET.KV_NODES', reaper)],
  ];
  it.each(resets)('begins to measure anew when %s', async (_name, happens) => {
    const parts = await setUp();
    const { clock, reaper, told } = parts;
    await reaper.poll();
    clock.pass(LEASE_MS - 1);
    await happens(parts);
    await reaper.poll();
    clock.pass(LEASE_MS - 1);
    await reaper.poll();
    expect(told()).toEqual([]);
    clock.pass(2);
    await reaper.poll();
    expect(told()).toEqual(['stream.ended', 'node.lost']);
  });

  it('lets a heartbeat win that comes while the node is being marked', async () => {
    const { server, clock, reaper, heartbeat, told } = await setUp();
    await reaper.poll();
    clock.pass(LEASE_MS + 1);
    server.trouble = (subject) => {
      if (subject === `$KV.NODES.${KEY}`) heartbeat();
      return undefined;
    };
    await reaper.poll();
    expect(told()).toEqual([]);
    expect(server.values('NODES')).toMatchObject({ [KEY]: { state: 'up' } });
  });

  it('ends nothing of a node that is back before its first stream is ended', async () => {
    const { server, clock, reaper, heartbeat, told } = await setUp();
    await reaper.poll();
    clock.pass(LEASE_MS + 1);
    server.trouble = (subject) => {
      if (subject === '$JS.API.STREAM.INFO.SLUICE_EVENTS') heartbeat();
      return undefined;
    };
    await reaper.poll();
    expect(told()).toEqual([]);
    expect(server.values('NODES')).toMatchObject({ [KEY]: { state: 'up' } });
  });

  it('tries again after another lease when an end does not get through', async () => {
    const { server, clock, reaper, told } = await setUp();
    await reaper.poll();
    clock.pass(LEASE_MS + 1);
    server.trouble = unavailable('sluice.v1.evt.');
    await reaper.poll();
    expect(told()).toEqual([]);
    expect(server.values('NODES')).toMatchObject({ [KEY]: { state: 'lost' } });
    server.trouble = () => undefined;
    clock.pass(LEASE_MS + 1);
    await reaper.poll();
    expect(told()).toEqual(['stream.ended', 'node.lost']);
  });

  it('leaves its own heartbeat alone', async () => {
    const { server, clock, reaper } = await setUp();
    const { nodeId, bootId } = emitter;
    server.write('NODES', `${nodeId}.${bootId}`, { nodeId, bootId, state: 'up', leaseMs: 1 });
    for (let i = 0; i < 3; i++) {
      await reaper.poll();
      clock.pass(LEASE_MS + 1);
    }
    expect(server.values('NODES')).toHaveProperty([`${nodeId}.${bootId}`]);
  });

  it('asks nobody without a connection, nor after it was closed', async () => {
    const { server, link, reaper } = await setUp();
    const before = server.asked.length;
    link.isUp = false;
    await reaper.poll();
    link.isUp = true;
    reaper.close();
    await reaper.poll();
    expect(server.asked).toHaveLength(before);
  });

  it('looks at once when it is started, and then so often that the third look is later than a lease', async () => {
    const { server, reaper } = await setUp();
    vi.useFakeTimers();
    const reads = () => server.asked.filter((subject) => subject === '$JS.API.STREAM.MSG.GET.KV_NODES').length;
    reaper.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(reads()).toBe(1);
    await vi.advanceTimersByTimeAsync(LEASE_MS);
    expect(reads()).toBe(3);
    await vi.advanceTimersByTimeAsync(0.06 * LEASE_MS);
    expect(reads()).toBe(4);
    reaper.close();
  });

  it('reads the list of all nodes once in two leases', async () => {
    const { server, clock, reaper } = await setUp();
    const lists = () => server.asked.filter((subject) => subject === '$JS.API.STREAM.INFO.KV_NODES').length;
    const before = lists();
    for (let i = 0; i < 12; i++) {
      await reaper.poll();
      clock.pass(LEASE_MS / 3);
    }
    expect(lists() - before).toBe(2);
  });

  it('only looks where nodes are not ended from here', async () => {
    const parts = await setUp({ ends: false });
    await parts.reaper.poll();
    parts.clock.pass(LEASE_MS + 1);
    await parts.reaper.poll();
    expect(parts.told()).toEqual([]);
  });

  it('watches three that live of many, and reads no others', async () => {
    const { server, reaper } = await setUp();
    for (let i = 0; i < 20; i++) beat(server, `node${i}`);
    await reaper.poll();
    const before = server.asked.length;
    await reaper.poll();
    expect(server.asked.slice(before)).toEqual(Array(3).fill('$JS.API.STREAM.MSG.GET.KV_NODES'));
  });

  it('finds ten that die together in the ring, each three half a lease and a look later', async () => {
    const { server, clock, reaper } = await setUp();
    for (let i = 0; i < 9; i++) beat(server, `node${i}`);
    const alive = () => Object.keys(server.values('NODES')).length;
    expect(alive()).toBe(10);
    const everyMs = 0.35 * LEASE_MS;
    const left: number[] = [];
    for (let ms = 0; ms <= LEASE_MS + everyMs + 3 * (LEASE_MS / 2 + everyMs); ms += everyMs) {
      await reaper.poll();
      left.push(alive());
      clock.pass(everyMs);
    }
    // The third look after the first one is later than a lease.
    expect(left.slice(0, 4)).toEqual([10, 10, 10, 7]);
    expect(left.at(-1)).toBe(0);
    for (let i = 1; i < left.length; i++) expect(left[i - 1]! - left[i]!).toBeLessThanOrEqual(3);
  });

  it('removes the trace of a node that has stopped after an hour', async () => {
    const { server, clock, reaper } = await setUp();
    server.write('NODES', KEY, undefined);
    const traces = () => server.streams.get('KV_NODES')?.length;
    for (let ms = 0; ms <= 3_600_000; ms += LEASE_MS) {
      await reaper.poll();
      clock.pass(LEASE_MS);
    }
    expect(traces()).toBe(1);
    for (let i = 0; i < 3; i++) {
      await reaper.poll();
      clock.pass(LEASE_MS);
    }
    expect(traces()).toBe(0);
  });
});

/** A heartbeat of another node, now. */
function beat(server: FakeJetStream, nodeId: string): void {
  const state = { nodeId, bootId: 'b1', state: 'up', time: '2026-01-02T03:04:05Z', leaseMs: LEASE_MS };
  server.write('NODES', `${nodeId}.b1`, { ...state, streams: 0, stateLagMs: 0 });
}

/** Requests whose subject contains `part` are not served. */
function unavailable(part: string): (subject: string) => Trouble | undefined {
  return (subject) =>
    subject.includes(part) ? { err_code: 10008, description: 'temporarily unavailable' } : undefined;
}

/** One poll while such requests are not served. */
async function during(server: FakeJetStream, part: string, reaper: Reaper): Promise<void> {
  server.trouble = unavailable(part);
  await reaper.poll();
  server.trouble = () => undefined;
}
