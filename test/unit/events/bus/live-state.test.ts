import { describe, expect, it } from 'vitest';
import { LiveState } from '../../../../src/events/bus/live-state.js';
import type { StreamState } from '../../../../src/events/event-types.js';
import type { Epoch } from '../../../../src/model/epoch.js';
import { AnswerTimeout } from '../../../../src/nats/answer-timeout.js';
import { KvBucket } from '../../../../src/nats/kv-bucket.js';
import { ManualClock, RecordingLog } from '../../../support/events-parts.js';
import { ListSink, lifecycleOn } from '../../../support/every-event.js';
import { FakeJetStream } from '../../../support/fake-jetstream.js';
import { waitFor } from '../../../support/wait.js';

const REGISTRY = '2026-01-01T00:00:00Z';
const UPDATED = { type: 'io.sluice.stream.updated', subject: 'x.evt.live.cam.s1.stream.updated.2' };

/** A node with the stream `s1` of `live/cam`, by a claim with a revision. */
async function setUp(revision: number) {
  const server = new FakeJetStream();
  const [clock, log] = [new ManualClock(), new RecordingLog()];
  const { lifecycle } = lifecycleOn(new ListSink(), clock);
  const { connection } = server;
  const bucket = new KvBucket<StreamState>('STREAMS', new AnswerTimeout(2000, 5000));
  await bucket.ensure(connection, 1, '');
  const state = new LiveState({
    ...{ bucket, log, clock, nodeId: 'n1', bootId: 'b1', openStreams: lifecycle.openStreams, refreshMs: 30_000 },
    connection: () => connection,
    writable: () => connection,
  });
  const epoch: Epoch = { registry: REGISTRY, revision };
  await lifecycle.streamStarted({
    ...{ streamId: 's1', app: 'live', name: 'cam', connectionId: 'c1', transport: 'rtmp', epoch },
    peer: { address: '127.0.0.1', port: 1 },
  });
  const shown = (): unknown => server.values('STREAMS')['live.cam'];
  /** Another node shows a stream of the same name. */
  const other = (epoch: number, registry = REGISTRY): void =>
    server.write('STREAMS', 'live.cam', {
      streamId: 's2',
      nodeId: 'n2',
      bootId: 'b2',
      startedAt: REGISTRY,
      epoch,
      registry,
    });
  /** What it had to write is written, or found to be another node's. */
  const done = async (): Promise<void> => {
    await waitFor(() => server.asked.some((subject) => subject.includes('MSG.GET')), { what: 'a read' });
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  };
  return { server, state, connection, shown, other, done, lifecycle };
}

describe('the live state of a name in a cluster', () => {
  it('shows the newer claim, whoever writes last', async () => {
    const { state, connection, shown, other, done } = await setUp(5);
    other(6);
    await state.rebuild(connection, 1, []);
    await done();
    expect(shown()).toMatchObject({ streamId: 's2', epoch: 6 });
    state.close();
  });

  it.each([
    ['an older claim', 4, REGISTRY],
    ['a claim of an older registry', 9, '2025-01-01T00:00:00Z'],
  ])('is written over %s', async (_name, revision, registry) => {
    const { state, connection, shown, other } = await setUp(5);
    other(revision, registry);
    await state.rebuild(connection, 1, []);
    await waitFor(() => (shown() as StreamState).streamId === 's1', { what: 'the stream to be shown' });
    expect(shown()).toMatchObject({ epoch: 5, registry: REGISTRY });
    state.close();
  });

  it('is left to a newer claim that came after its own writes', async () => {
    const { server, state, connection, shown, other, done } = await setUp(5);
    await state.rebuild(connection, 1, []);
    await waitFor(() => shown() !== undefined, { what: 'the stream to be shown' });
    other(6);
    const asked = server.asked.length;
    state.note([UPDATED as never]);
    await waitFor(() => server.asked.length === asked + 2, { what: 'a write and a read' });
    await done();
    expect(server.asked).toHaveLength(asked + 2);
    expect(shown()).toMatchObject({ streamId: 's2' });
    state.close();
  });

  it('is left as it is when its stream goes to another node, also with the next connection', async () => {
    const { server, state, connection, shown, lifecycle } = await setUp(5);
    await state.rebuild(connection, 1, []);
    await waitFor(() => shown() !== undefined, { what: 'the stream to be shown' });
    lifecycle.moves.onOut = (stream) => state.forget(stream);
    await lifecycle.moves.out('s1', 'n2', { bytes: 0, audioFrames: 0, videoFrames: 0, drops: 0 });
    const asked = server.asked.length;
    await state.rebuild(connection, 1, []);
    await waitFor(() => server.asked.length > asked, { what: 'the bucket to be read' });
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    expect(shown()).toMatchObject({ streamId: 's1', epoch: 5 });
    // It comes back, and is this node's to show again.
    lifecycle.moves.takeBack('s1', { registry: REGISTRY, revision: 7 });
    state.note([UPDATED as never]);
    await waitFor(() => (shown() as { epoch: number }).epoch === 7, { what: 'the stream to be shown again' });
    state.close();
  });
});
