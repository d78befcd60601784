import { describe, expect, it } from 'vitest';
import { LostNode } from '../../../../src/events/bus/lost-node.js';
import { NodeReturn } from '../../../../src/events/bus/node-return.js';
import { type Emitter, streamEvent } from '../../../../src/events/envelope.js';
import type { EventType, NodeState, StreamState } from '../../../../src/events/event-types.js';
import type { OpenStream } from '../../../../src/events/open-streams.js';
import { AnswerTimeout } from '../../../../src/nats/answer-timeout.js';
import { KvBucket } from '../../../../src/nats/kv-bucket.js';
import { ManualClock } from '../../../support/events-parts.js';
import { FakeJetStream } from '../../../support/fake-jetstream.js';

const ids = ['01ARZ3NDEKTSV4RRFFQ69G5FA0', '01ARZ3NDEKTSV4RRFFQ69G5FA1', '01ARZ3NDEKTSV4RRFFQ69G5FA2'];
const boot = { nodeId: 'gone', bootId: 'b1', time: '2026-01-02T03:00:00.000Z' };
const survivor: Emitter = { prefix: 'sluice.v1', nodeId: 'here', bootId: 'b9' };

function stateOf(index: number, seq: number, more: Partial<StreamState> = {}): StreamState {
  const { nodeId, bootId } = boot;
  const identity = { streamId: ids[index], app: 'live', name: `cam${index}`, connectionId: 'c', nodeId, bootId };
  const startedAt = '2026-01-01T00:00:00.000Z';
  return { ...identity, state: 'ready', seq, startedAt, transport: 'rtmp', tracks: [], ...more };
}

async function setUp() {
  const server = new FakeJetStream();
  server.streams.set('SLUICE_EVENTS', []);
  const answerTimeout = new AnswerTimeout(2000, 5000);
  const { connection } = server;
  const streams = new KvBucket<StreamState>('STREAMS', answerTimeout);
  const nodes = new KvBucket<NodeState>('NODES', answerTimeout);
  for (const bucket of [streams, nodes]) await bucket.ensure(connection, 1, '');
  /** Events as the lost process has stored them, the first of them its start. */
  const stored = (index: number, ...verbs: string[]): void => {
    const { streamId, app, name, connectionId, nodeId, bootId } = stateOf(index, 1);
    const ref = { streamId, app, name, connectionId, nodeId, bootId };
    for (const [i, verb] of verbs.entries()) {
      const data = { ...ref, transport: 'rtmp', peer: { address: '::1', port: 1 }, tracks: [] };
      const type = `io.sluice.stream.${verb}` as EventType;
      server.storeEvent(
        streamEvent({ prefix: 'sluice.v1', ...boot }, ref, type, i + 1, Date.parse(boot.time), data as never),
      );
    }
  };
  const shown = (index: number, state: StreamState): void => server.write('STREAMS', `live.cam${index}`, state);
  const deps = { streams, emitter: survivor, stream: 'SLUICE_EVENTS', answerTimeout };
  const lost = new LostNode(boot, connection, deps);
  const ends = () => server.events.filter(({ subject }) => subject.endsWith('.end')).map(({ event }) => event);
  return { server, connection, nodes, stored, shown, deps, lost, ends };
}

describe('the streams of a lost node', () => {
  it('are ended when JetStream has their start and no end, after the last event that is stored', async () => {
    const { stored, lost, ends } = await setUp();
    stored(0, 'started', 'ready', 'active');
    stored(1, 'started', 'ended');
    expect(await lost.endStreams()).toBe(1);
    expect(ends()).toMatchObject([
      { streamid: ids[1] },
      { streamid: ids[0], sequence: '0000000004', data: { reason: 'node_lost', nodeId: 'gone' } },
    ]);
  });

  it('are told to this process as far as it was the one that stored their ends, and so is the lost node', async () => {
    const { connection, stored, deps } = await setUp();
    stored(0, 'started', 'ready');
    const told: string[] = [];
    const first = new LostNode(boot, connection, { ...deps, stored: ({ id }) => told.push(id) });
    expect(await first.endStreams()).toBe(1);
    expect(await first.tell(0)).toBe(true);
    expect(told).toEqual([`${ids[0]}:end`, 'b1:lost']);
    const second = new LostNode(boot, connection, { ...deps, stored: ({ id }) => told.push(`again ${id}`) });
    expect(await second.tell(0)).toBe(true);
    expect(told).toHaveLength(2);
  });

  it('are ended when the bucket shows them and JetStream has forgotten them, wholly or but for the last events', async () => {
    const { server, stored, shown, lost, ends } = await setUp();
    stored(0, 'started', 'ready');
    stored(1, 'started', 'ready', 'active');
    server.forgetEvents(4);
    shown(0, stateOf(0, 2, { labels: { team: 'blue' } }));
    shown(1, stateOf(1, 2));
    expect(await lost.endStreams()).toBe(2);
    expect(ends()).toMatchObject([
      { streamid: ids[0], sequence: '0000000003', data: { reason: 'node_lost', labels: { team: 'blue' } } },
      { streamid: ids[1], sequence: '0000000004' },
    ]);
    expect(server.values('STREAMS')).toEqual({});
  });

  it('are not ended when their start was never stored, for the node may yet come back and tell it', async () => {
    const { server, stored, shown, lost, ends } = await setUp();
    stored(0, 'started', 'ended');
    shown(1, stateOf(1, 1));
    expect(await lost.endStreams()).toBe(0);
    expect(ends()).toHaveLength(1);
    expect(server.values('STREAMS'), 'but they are not live any more').toEqual({});
  });

  it('are no longer shown as live when they were over before', async () => {
    const { server, stored, shown, lost } = await setUp();
    stored(0, 'started', 'ended');
    shown(0, stateOf(0, 1));
    expect(await lost.endStreams()).toBe(0);
    expect(server.values('STREAMS')).toEqual({});
  });

  it('are told from those of others, in JetStream and in the bucket', async () => {
    const { server, stored, shown, lost, ends } = await setUp();
    stored(0, 'started');
    shown(0, stateOf(0, 1));
    shown(1, stateOf(1, 5, { bootId: 'b2' }));
    shown(2, stateOf(2, 5, { nodeId: 'other' }));
    expect(await lost.endStreams()).toBe(1);
    expect(ends()).toMatchObject([{ streamid: ids[0] }]);
    expect(Object.keys(server.values('STREAMS'))).toEqual(['live.cam1', 'live.cam2']);
  });

  it('are left alone when the node is back before the first is ended', async () => {
    const { server, stored, shown, lost, ends } = await setUp();
    stored(0, 'started');
    shown(0, stateOf(0, 1));
    expect(await lost.endStreams(() => Promise.resolve(false))).toBeUndefined();
    expect(ends()).toEqual([]);
    expect(Object.keys(server.values('STREAMS'))).toEqual(['live.cam0']);
  });

  it.each(['SLUICE_EVENTS', 'KV_STREAMS'])('wait when %s does not answer', async (name) => {
    const { server, stored, lost } = await setUp();
    stored(0, 'started');
    server.trouble = (subject) =>
      subject.endsWith(name) ? { err_code: 10008, description: 'unavailable' } : undefined;
    expect(await lost.endStreams()).toBeUndefined();
    server.trouble = () => undefined;
    expect(await lost.endStreams()).toBe(1);
  });
});

describe('a node that is back', () => {
  const clock = new ManualClock();

  it('ends its streams that JetStream knows itself, and goes on with those that nobody knows of', async () => {
    const { connection, nodes, stored, deps, ends } = await setUp();
    stored(0, 'started', 'ready');
    stored(1, 'started', 'ended');
    const openStreams = new Map(ids.map((id, i) => [id, { ...stateOf(i, 1), streamId: id } as unknown as OpenStream]));
    const emitter = { prefix: 'sluice.v1', nodeId: boot.nodeId, bootId: boot.bootId };
    const back = new NodeReturn({ ...deps, emitter, nodes, clock, openStreams });
    expect(await back.endedMeanwhile(connection, { kind: 'forgotten' })).toEqual([ids[1]]);
    expect(await back.endedMeanwhile(connection, { kind: 'taken', lastTime: boot.time })).toEqual([ids[0], ids[1]]);
    expect(ends()).toMatchObject([{ streamid: ids[1] }, { streamid: ids[0], sequence: '0000000003' }]);
  });

  it('takes the heartbeats of its older boots away, and ends first what another node had begun to end', async () => {
    const { server, connection, nodes, stored, deps, ends } = await setUp();
    stored(0, 'started', 'ready');
    const state = { ...boot, nodeId: 'here', leaseMs: 15_000, streams: 1, stateLagMs: 0 };
    server.write('NODES', 'here.b1', { ...state, state: 'up' });
    server.write('NODES', 'gone.b1', { ...state, nodeId: 'gone', state: 'lost' });
    const back = new NodeReturn({ ...deps, nodes, clock, openStreams: new Map() });
    back.expect(['b1', 'never-seen']);
    expect(await back.settleOlderBoots(connection)).toBe(true);
    expect(Object.keys(server.values('NODES'))).toEqual(['gone.b1']);
    expect(ends(), 'a boot that nobody took for lost is the journal’s to end').toEqual([]);
    const gone = new NodeReturn({
      ...deps,
      emitter: { ...survivor, nodeId: 'gone' },
      nodes,
      clock,
      openStreams: new Map(),
    });
    gone.expect(['b1']);
    server.trouble = (subject) =>
      subject.includes('INFO.SLUICE') ? { err_code: 10008, description: 'unavailable' } : undefined;
    expect(await gone.settleOlderBoots(connection)).toBe(false);
    server.trouble = () => undefined;
    expect(await gone.settleOlderBoots(connection)).toBe(true);
    expect(ends()).toMatchObject([{ streamid: ids[0], sequence: '0000000003', data: { reason: 'node_lost' } }]);
    expect(server.events.at(-1)?.subject).toBe('sluice.v1.node.gone.b1.lost');
    expect(server.values('NODES')).toEqual({});
  });
});
