import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LossEvidence, NodeLease } from '../../../../src/events/bus/node-lease.js';
import type { NodeState } from '../../../../src/events/event-types.js';
import { AnswerTimeout } from '../../../../src/nats/answer-timeout.js';
import { KvBucket } from '../../../../src/nats/kv-bucket.js';
import { ManualClock, RecordingLog } from '../../../support/events-parts.js';
import { FakeJetStream, natsErrors, type Trouble } from '../../../support/fake-jetstream.js';

const closing: (() => Promise<void>)[] = [];
beforeEach(() => void vi.useFakeTimers());
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  vi.useRealTimers();
});

/** A lease of 15 s on a bucket that is there, after its first heartbeat. */
async function setUp() {
  const server = new FakeJetStream();
  const { connection } = server;
  const bucket = new KvBucket<NodeState>('NODES', new AnswerTimeout(2000, 5000));
  const [clock, log] = [new ManualClock(), new RecordingLog()];
  const told = { lost: [] as LossEvidence[], held: 0, lapsed: 0, answered: [] as boolean[] };
  const facts = { streams: 0, stateLagMs: 0, draining: false };
  /** What follows from a loss does not get through while this is set. */
  const hindered = { is: false };
  const ensure = () => bucket.ensure(connection, 1, 'heartbeats');
  await ensure();
  const lease = new NodeLease({
    bucket,
    log,
    clock,
    nodeId: 'n1',
    bootId: 'b1',
    leaseMs: 15_000,
    heartbeatMs: 1e9,
    connection: () => connection,
    ensure,
    describe: () => ({ ...facts }),
    onReturned: async (_connection, evidence) => {
      told.lost.push(evidence);
      return !hindered.is;
    },
    onHeld: () => void told.held++,
    onLapsed: () => void told.lapsed++,
    onHeartbeat: (answered) => void told.answered.push(answered),
  });
  closing.push(() => lease.close(false));
  void lease.start(true);
  await vi.advanceTimersByTimeAsync(0);
  /** A heartbeat five seconds after the last. */
  const heartbeat = async (): Promise<void> => {
    clock.pass(5000);
    const done = lease.heartbeat();
    await vi.advanceTimersByTimeAsync(10_000);
    await done;
  };
  const heard = (): string | undefined => (server.values('NODES')['n1.b1'] as NodeState | undefined)?.time;
  const now = (): string => new Date(clock.wallMs()).toISOString();
  return { server, lease, clock, log, told, facts, hindered, heartbeat, heard, now };
}

const passing: [string, Trouble, boolean][] = [
  ['no server takes the subject, as between two leaders', natsErrors.noResponders(), false],
  ['the cluster is not available', { err_code: 10008, description: 'JetStream system temporarily unavailable' }, false],
  ['the server does not lead', { err_code: 10009, description: 'JetStream cluster can not handle request' }, false],
  ['nobody answers', 'silence', false],
  ['the disk is full', { err_code: 10077, description: 'no space left on device' }, true],
  ['the account is at its limit', { err_code: 10047, description: 'insufficient storage resources' }, true],
  ['the server says what nobody knows', { err_code: 19999, description: 'something new' }, true],
];

describe('the lease of a node', () => {
  it.each(passing)('is kept on with after a time in which %s', async (_name, trouble, answered) => {
    const { server, lease, log, told, heartbeat, heard, now } = await setUp();
    expect(heard()).toBe(now());
    server.trouble = () => trouble;
    for (let i = 0; i < 3; i++) await heartbeat();
    expect(told.answered).toEqual([true, answered, answered, answered]);
    expect(lease.holds, 'nothing is published while others may take the node for lost').toBe(false);
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    server.trouble = () => undefined;
    await heartbeat();
    expect(heard()).toBe(now());
    expect(lease.holds).toBe(true);
    expect(told).toMatchObject({ lost: [], held: 2, lapsed: 1 });
  });

  it('tells at once what has changed, also while a heartbeat is under way', async () => {
    const { server, lease, told, facts } = await setUp();
    const shown = () => (server.values('NODES')['n1.b1'] as NodeState).state;
    const underWay = lease.heartbeat();
    facts.draining = true;
    lease.tell();
    await vi.advanceTimersByTimeAsync(10);
    await underWay;
    expect(shown()).toBe('draining');
    facts.draining = false;
    lease.tell();
    await vi.advanceTimersByTimeAsync(10);
    expect(shown()).toBe('up');
    expect(told.answered, 'one for each, and none besides').toEqual([true, true, true, true]);
  });

  it('tells of each time of trouble, once', async () => {
    const { server, log, heartbeat } = await setUp();
    for (let times = 0; times < 2; times++) {
      server.trouble = () => natsErrors.noResponders();
      for (let i = 0; i < 2; i++) await heartbeat();
      server.trouble = () => undefined;
      await heartbeat();
    }
    expect(log.lines.filter(({ message }) => message.includes('cannot be written'))).toHaveLength(2);
  });

  it('is given up for good when this user may not write heartbeats, and events go on', async () => {
    const { server, lease, told, heartbeat } = await setUp();
    server.trouble = () => natsErrors.denied();
    await heartbeat();
    const asked = server.asked.length;
    for (let i = 0; i < 4; i++) await heartbeat();
    expect(server.asked).toHaveLength(asked);
    expect(lease.holds).toBe(true);
    expect(told).toMatchObject({ answered: [true, true], held: 2, lapsed: 0 });
  });

  it('makes the bucket anew when it is gone, and has it looked up whether others have ended streams', async () => {
    const { server, lease, told, heartbeat, heard, now } = await setUp();
    server.streams.clear();
    await heartbeat();
    expect([...server.streams.keys()]).toEqual(['KV_NODES']);
    expect(heard()).toBe(now());
    expect(lease.holds).toBe(true);
    expect(told).toMatchObject({ lost: [{ kind: 'forgotten' }], answered: [true, true] });
  });

  it('does not make a bucket while it cannot be said whether it is there', async () => {
    const { server, heartbeat } = await setUp();
    server.trouble = (subject) =>
      subject.startsWith('$KV.') ? natsErrors.noResponders() : { err_code: 10008, description: 'unavailable' };
    await heartbeat();
    expect(server.asked.filter((subject) => subject.includes('CREATE'))).toHaveLength(1);
  });

  it('is said to have lapsed also when a heartbeat that others have changed cannot be read', async () => {
    const { server, told, heartbeat, heard, now } = await setUp();
    server.write('NODES', 'n1.b1', { state: 'up' });
    server.trouble = (subject) => (subject.includes('MSG.GET') ? 'silence' : undefined);
    for (let i = 0; i < 3; i++) await heartbeat();
    expect(told.lapsed).toBe(1);
    server.trouble = () => undefined;
    await heartbeat();
    expect(heard()).toBe(now());
    expect(told).toMatchObject({ lost: [], held: 2 });
  });

  it('is written again at once when the leader was back before it was asked for the bucket', async () => {
    const { server, told, heartbeat, heard, now } = await setUp();
    let refusals = 1;
    server.trouble = () => (refusals-- > 0 ? natsErrors.noResponders() : undefined);
    await heartbeat();
    expect(heard()).toBe(now());
    expect(told.lost).toEqual([]);
  });

  it.each([
    ['marked as lost', { state: 'lost', time: '2026-01-01T00:00:00.000Z' }, '2026-01-01T00:00:00.000Z'],
    ['deleted', undefined, '2026-01-02T03:04:05.000Z'],
  ])('learns that the node was taken for lost from a heartbeat that was %s', async (_name, value, lastTime) => {
    const { server, log, told, heartbeat, heard, now } = await setUp();
    server.write('NODES', 'n1.b1', value);
    await heartbeat();
    expect(told.lost).toEqual([{ kind: 'taken', lastTime }]);
    expect(log.lines.some(({ level }) => level === 'error')).toBe(true);
    expect(heard()).toBe(now());
  });

  it('is not held before everything that follows from a loss is done, and heartbeats go on meanwhile', async () => {
    const { server, lease, told, hindered, heartbeat, heard, now } = await setUp();
    server.write('NODES', 'n1.b1', { state: 'lost', time: '2026-01-01T00:00:00.000Z' });
    hindered.is = true;
    for (let i = 1; i <= 3; i++) {
      await heartbeat();
      expect(heard(), 'others must not take it for lost again').toBe(now());
      expect(told.lost).toHaveLength(i);
      expect(lease.holds).toBe(false);
    }
    hindered.is = false;
    await heartbeat();
    expect(lease.holds).toBe(true);
    expect(told).toMatchObject({ held: 2 });
    await heartbeat();
    expect(told.lost).toHaveLength(4);
  });
});
