import { describe, expect, it } from 'vitest';
import { newId } from '../../../../src/core/ids.js';
import { OtherNodes } from '../../../../src/events/bus/other-nodes.js';
import type { NodeState, StreamState } from '../../../../src/events/event-types.js';
import { AnswerTimeout } from '../../../../src/nats/answer-timeout.js';
import { KvBucket } from '../../../../src/nats/kv-bucket.js';
import { emitter, ManualClock, RecordingLog } from '../../../support/events-parts.js';
import { FakeJetStream } from '../../../support/fake-jetstream.js';
import { schemaProblems, signalSchema } from '../../../support/schemas.js';

const LEASE_MS = 15_000;
const { nodeId } = emitter;

/** The others of a process, as seen by one that joined its cluster with that revision; undefined: it is in none. */
async function setUp(joined: number | undefined) {
  const server = new FakeJetStream();
  server.streams.set('SLUICE_EVENTS', []);
  const answerTimeout = new AnswerTimeout(50, 100);
  const nodes = new KvBucket<NodeState>('NODES', answerTimeout);
  const streams = new KvBucket<StreamState>('STREAMS', answerTimeout);
  for (const bucket of [streams, nodes]) await bucket.ensure(server.connection, 1, '');
  const [clock, log] = [new ManualClock(), new RecordingLog()];
  const [told, twins] = [[] as string[], [] as string[]];
  const others = new OtherNodes({
    ...{ nodes, streams, emitter, stream: 'SLUICE_EVENTS', answerTimeout, clock, log, leaseMs: LEASE_MS, reap: true },
    requests: { subscribe: () => ({ isRefused: false, close: () => undefined }) },
    connection: () => server.connection,
    signal: (tokens, data) => {
      told.push(tokens.join('.'));
      // Ids of processes are short here.
      expect(schemaProblems(signalSchema(tokens), { ...data, bootId: newId() })).toEqual([]);
    },
    joined: () => joined,
    onOlderTwin: (bootId) => twins.push(bootId),
  });
  const beat = (id: string, bootId: string, more: Partial<NodeState> = {}): void => {
    const state = { nodeId: id, bootId, state: 'up' as const, time: '', leaseMs: LEASE_MS, streams: 0, stateLagMs: 0 };
    server.write('NODES', `${id}.${bootId}`, { ...state, ...more });
  };
  /** Looks once at the others, after some time. */
  const look = async (): Promise<void> => {
    clock.pass(LEASE_MS / 3);
    await others.poll();
  };
  const lines = (level: string) => log.lines.filter((line) => line.level === level).map(({ message }) => message);
  const warned = () => lines('warn').filter((line) => line.includes('names are not shared'));
  return { server, clock, warned, others, told, twins, beat, look, lines };
}

describe('another node on the same NATS', () => {
  it('is warned of once when names are not shared with it, and again when a new one comes', async () => {
    const { beat, look, warned } = await setUp(undefined);
    beat('a', 'b1');
    await look();
    expect(warned(), 'it may be the trace of one that has died').toEqual([]);
    for (let i = 0; i < 4; i++) {
      beat('a', 'b1');
      await look();
    }
    expect(warned()).toMatchObject([expect.stringContaining('cluster.enabled')]);
    for (let i = 0; i < 10; i++) {
      beat('a', 'b2');
      beat('b', 'b1');
      await look();
    }
    expect(warned()).toHaveLength(2);
  });

  it('is warned of in a cluster only when it is in none', async () => {
    const { beat, look, warned } = await setUp(7);
    for (let i = 0; i < 4; i++) {
      beat('a', 'b1', { joined: 3 });
      await look();
    }
    expect(warned()).toEqual([]);
    // It is found by the next list.
    for (let i = 0; i < 10; i++) {
      beat('old', 'b1');
      await look();
    }
    expect(warned()).toMatchObject([expect.stringContaining('in no cluster')]);
  });

  it('is told when this process has come and has gone, and when it has removed a lost one', async () => {
    const { others, told, clock, beat, look } = await setUp(undefined);
    others.announce('joined');
    others.announce('left');
    beat('a', 'b1');
    await look();
    clock.pass(LEASE_MS);
    await look();
    const own = `ring.${nodeId}.${emitter.bootId}`;
    expect(told).toEqual([`${own}.joined`, `${own}.left`, 'ring.a.b1.left']);
  });

  it('is lost when its heartbeat says so', async () => {
    const { others, beat } = await setUp(undefined);
    beat('a', 'b1', { state: 'lost' });
    expect(await others.isLost('a', 'b1')).toBe(true);
  });
});

describe('two processes with one id', () => {
  it('are told apart by who joined first: the younger one learns of the older, once it lives', async () => {
    const { beat, look, twins, lines } = await setUp(20);
    beat(nodeId, 'older', { joined: 10 });
    await look();
    beat(nodeId, 'older', { joined: 10 });
    await look();
    expect(twins, 'a write of a process that has died may come late').toEqual([]);
    for (let i = 0; i < 3; i++) {
      beat(nodeId, 'older', { joined: 10 });
      await look();
    }
    expect(twins).toEqual(['older']);
    expect(lines('error')).toHaveLength(1);
  });

  it('leave the older one alone, which says so', async () => {
    const { beat, look, twins, lines } = await setUp(10);
    for (let i = 0; i < 5; i++) {
      beat(nodeId, 'younger', { joined: 20 });
      await look();
    }
    expect(twins).toEqual([]);
    expect(lines('error')).toHaveLength(1);
  });

  it.each([1e12, -1e12])('do not go by a clock that is %i ms off', async (ms) => {
    const { clock, beat, look, twins } = await setUp(20);
    clock.wall += ms;
    for (let i = 0; i < 5; i++) {
      beat(nodeId, 'older', { joined: 10, time: new Date(clock.wallMs() - 2 * ms).toISOString() });
      await look();
    }
    expect(twins).toEqual(['older']);
  });

  it('are none after a restart: the heartbeat of before stands still, is marked or goes', async () => {
    const { server, beat, look, twins } = await setUp(20);
    beat(nodeId, 'older', { joined: 10 });
    for (let i = 0; i < 2; i++) await look();
    for (let i = 0; i < 3; i++) {
      beat(nodeId, 'older', { joined: 10, state: 'lost' });
      await look();
    }
    server.write('NODES', `${nodeId}.older`, undefined);
    await look();
    expect(twins).toEqual([]);
  });

  it('find each other among many', async () => {
    const { beat, look, twins } = await setUp(20);
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 30; i++) beat(`node${i}`, 'b1', { joined: i });
      beat(nodeId, 'older', { joined: 10 });
      await look();
    }
    expect(twins).toEqual(['older']);
  });

  it('both go on where they are in no cluster, and it is told', async () => {
    const { beat, look, twins, lines } = await setUp(undefined);
    for (let i = 0; i < 5; i++) {
      beat(nodeId, 'older');
      await look();
    }
    expect(twins).toEqual([]);
    expect(lines('error')).toHaveLength(1);
  });
});
