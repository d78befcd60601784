import { afterEach, describe, expect, it, vi } from 'vitest';
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
async function setUp() {
  const server = new FakeJetStream();
  server.streams.set('SLUICE_EVENTS', []);
  const answerTimeout = new AnswerTimeout(50, 100);
  const streams = new KvBucket<StreamState>('STREAMS', answerTimeout);
  const nodes = new KvBucket<NodeState>('NODES', answerTimeout);
  for (const bucket of [streams, nodes]) await bucket.ensure(server.connection, 1, '');
  const [clock, log] = [new ManualClock(), new RecordingLog()];
  const link = { isUp: true };
  const ages = new NodeAges(nodes, clock, LEASE_MS);
  const reaper = new Reaper({
    ...{ ages, streams, nodes, emitter, stream: 'SLUICE_EVENTS', answerTimeout, log, clock, leaseMs: LEASE_MS },
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
  return { server, clock, log, link, ages, reaper, heartbeat, told };
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
    ['the heartbeats could not be listed', ({ server, reaper }) => during(server, 'STREAM.INFO.KV_NODES', reaper)],
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

  it('looks three times in a lease once it is started, however often that is', async () => {
    const { server, reaper } = await setUp();
    vi.useFakeTimers();
    reaper.start();
    reaper.start();
    const before = server.asked.filter((subject) => subject === '$JS.API.STREAM.INFO.KV_NODES').length;
    await vi.advanceTimersByTimeAsync(LEASE_MS);
    const lists = server.asked.filter((subject) => subject === '$JS.API.STREAM.INFO.KV_NODES').length - before;
    expect(lists).toBe(3);
    reaper.close();
  });
});

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
