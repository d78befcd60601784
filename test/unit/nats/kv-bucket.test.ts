import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveState } from '../../../src/events/bus/live-state.js';
import type { StreamState } from '../../../src/events/event-types.js';
import { AnswerTimeout } from '../../../src/nats/answer-timeout.js';
import { KvBucket, type KvWrite } from '../../../src/nats/kv-bucket.js';
import { ManualClock, RecordingLog } from '../../support/events-parts.js';
import { ListSink, lifecycleOn } from '../../support/every-event.js';
import { FakeJetStream, natsErrors, type Trouble } from '../../support/fake-jetstream.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const writes: [string, Trouble, KvWrite['kind']][] = [
  ['a missing permission', natsErrors.denied(), 'denied'],
  ['a subject that nobody takes', natsErrors.noResponders(), 'missing'],
  ['a stream that is gone', { err_code: 10059, description: 'stream not found' }, 'missing'],
  ['a cluster without a leader', { err_code: 10008, description: 'temporarily unavailable' }, 'no_answer'],
  ['silence', 'silence', 'no_answer'],
  ['a full disk', { err_code: 10077, description: 'no space left on device' }, 'refused'],
  ['another revision', { err_code: 10071, description: 'wrong last sequence: 7' }, 'conflict'],
];

describe('a bucket', () => {
  it.each(writes)('tells %s', async (_name, trouble, kind) => {
    const server = new FakeJetStream();
    server.trouble = () => trouble;
    const written = new KvBucket('B', new AnswerTimeout(2000, 5000)).put(server.connection, 'k', {});
    await vi.advanceTimersByTimeAsync(5000);
    expect((await written).kind).toBe(kind);
  });

  it('waits longer once answers have come late, so that writes get through', async () => {
    const server = new FakeJetStream();
    const bucket = new KvBucket('B', new AnswerTimeout(2000, 5000));
    await bucket.ensure(server.connection, 1, '');
    server.delayMs = 3000;
    const kinds: string[] = [];
    for (let tries = 0; tries < 3; tries++) {
      const written = bucket.put(server.connection, 'k', {});
      await vi.advanceTimersByTimeAsync(3100);
      kinds.push((await written).kind);
    }
    expect(kinds).toEqual(['no_answer', 'ok', 'ok']);
  });
});

describe('the live state', () => {
  async function setUp() {
    const server = new FakeJetStream();
    const [clock, log, sink] = [new ManualClock(), new RecordingLog(), new ListSink()];
    const { lifecycle } = lifecycleOn(sink, clock);
    const { connection } = server;
    const bucket = new KvBucket<StreamState>('STREAMS', new AnswerTimeout(2000, 5000));
    const lease = { holds: true };
    const state = new LiveState({
      bucket,
      log,
      clock,
      nodeId: 'n1',
      bootId: 'b1',
      openStreams: lifecycle.openStreams,
      refreshMs: 30_000,
      connection: () => connection,
      writable: () => (lease.holds ? connection : undefined),
    });
    const peer = { address: '127.0.0.1', port: 1 };
    const ids = { streamId: 's1', app: 'live', name: 'cam', connectionId: 'c1' };
    await lifecycle.streamStarted({ ...ids, peer, transport: 'rtmp' });
    const rebuild = async () => {
      await state.rebuild(connection, 1, []);
      await vi.advanceTimersByTimeAsync(0);
    };
    return { server, log, state, rebuild, lifecycle, lease };
  }

  it('is written once the bucket can be had, when it could not be had at first', async () => {
    const { server, log, state, rebuild } = await setUp();
    server.trouble = () => ({ err_code: 10008, description: 'temporarily unavailable' });
    await rebuild();
    await vi.advanceTimersByTimeAsync(5000);
    expect(log.lines).toHaveLength(1);
    server.trouble = () => undefined;
    await vi.advanceTimersByTimeAsync(2000);
    expect(server.values('STREAMS')).toMatchObject({ 'live.cam': { streamId: 's1' } });
    state.close();
  });

  it('makes a bucket anew that is gone, with all that it held', async () => {
    const { server, state, rebuild } = await setUp();
    await rebuild();
    expect(server.values('STREAMS')).toMatchObject({ 'live.cam': { streamId: 's1' } });
    server.streams.clear();
    state.note([{ type: 'io.sluice.stream.updated', subject: 'x.evt.live.cam.s1.stream.updated.2' } as never]);
    await vi.advanceTimersByTimeAsync(3000);
    expect(server.values('STREAMS')).toMatchObject({ 'live.cam': { streamId: 's1' } });
    state.close();
  });

  it('is not written while others may be about to end this node’s streams, and follows when it may be again', async () => {
    const { server, state, rebuild, lease } = await setUp();
    lease.holds = false;
    await rebuild();
    await vi.advanceTimersByTimeAsync(40_000);
    expect(server.values('STREAMS')).toEqual({});
    lease.holds = true;
    state.retry();
    await vi.advanceTimersByTimeAsync(0);
    expect(server.values('STREAMS')).toMatchObject({ 'live.cam': { streamId: 's1' } });
    state.close();
  });

  it('tells how far a stream has come also when nothing but its players and data changes, after a while', async () => {
    const { server, state, rebuild, lifecycle } = await setUp();
    await rebuild();
    lifecycle.streamData('s1', { handler: 'onTextData', timestamp: 0, values: [] });
    lifecycle.streamActive('s1', { players: 1 });
    await vi.advanceTimersByTimeAsync(29_000);
    expect(server.values('STREAMS')).toMatchObject({ 'live.cam': { seq: 1 } });
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.values('STREAMS')).toMatchObject({ 'live.cam': { seq: 3 } });
    const asked = server.asked.length;
    await vi.advanceTimersByTimeAsync(90_000);
    expect(server.asked, 'what is right is not written again').toHaveLength(asked);
    state.close();
  });

  it('is not asked for again when this user may not have the bucket', async () => {
    const { server, state, rebuild } = await setUp();
    server.trouble = () => natsErrors.denied();
    await rebuild();
    const asked = server.asked.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.asked).toHaveLength(asked);
    state.close();
  });
});
