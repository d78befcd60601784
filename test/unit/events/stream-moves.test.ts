import { describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/ids.js';
import { silentLogger } from '../../../src/core/log.js';
import { EventLayer } from '../../../src/events/event-layer.js';
import { type SluiceEvent, sequenceOf } from '../../../src/events/event-types.js';
import { MemoryStorage } from '../../../src/events/journal/storage.js';
import type { MovedFacts } from '../../../src/events/stream-moves.js';
import { validateEvent } from '../../../src/events/validate.js';
import { ManualClock } from '../../support/events-parts.js';
import { ListSink, lifecycleOn } from '../../support/every-event.js';

const peer = { address: '192.0.2.7', port: 5000 };
const totals = { bytes: 10, payloadBytes: 10, wireBytes: 12, audioFrames: 1, videoFrames: 2, drops: 0, heldMs: 0 };
const epoch = { registry: '2026-01-02T03:00:00.5Z', revision: 9 };
const arrived = { connectionId: newId(), peer, gapMs: 40, fromNode: 'n2', epoch };

/** Segments as they are at this moment: what a kill would leave. */
function killed(storage: MemoryStorage): MemoryStorage {
  const copy = new MemoryStorage();
  for (const [name, bytes] of storage.segments) copy.segments.set(name, Buffer.from(bytes));
  return copy;
}

/** A node over segments in memory. */
async function node(storage = new MemoryStorage(), clock = new ManualClock()) {
  const deps = { log: silentLogger, clock, nodeId: 'n1', bootId: newId(), storage };
  const layer = await EventLayer.open({ segmentBytes: 4096, historyBytes: 8192 }, deps);
  const events: SluiceEvent[] = [];
  const told = async (): Promise<SluiceEvent[]> => {
    await layer.flush();
    return events;
  };
  layer.log.subscribe(({ json }) => void events.push(JSON.parse(json.toString('utf8')) as SluiceEvent));
  return { layer, moves: layer.lifecycle.moves, storage, clock, told };
}

/** A stream that is open and ready: two events. */
async function begin(layer: EventLayer): Promise<string> {
  const streamId = newId();
  await layer.lifecycle.streamStarted({
    streamId,
    app: 'live',
    name: 'cam',
    connectionId: newId(),
    peer,
    transport: 'rtmp',
  });
  layer.lifecycle.streamReady(streamId, { tracks: [], timeToReadyMs: 1 });
  return streamId;
}

/** What another node would send of a stream that has had five events. */
function facts(clock: ManualClock): MovedFacts {
  const startedMs = clock.wallMs() - 60_000;
  const ids = { streamId: newId(), app: 'live', name: 'cam', connectionId: newId() };
  return { ...ids, startedMs, readyMs: startedMs + 10, seq: 5, tracks: [], transport: 'rtmp', totals };
}

const names = (events: readonly SluiceEvent[]) =>
  events.filter(({ type }) => type.includes('.stream.')).map((e) => `${e.type.split('.').pop()} ${sequenceOf(e)}`);

describe('a stream that leaves', () => {
  it('is closed without an event, and no restart ends it once another node has it', async () => {
    const { layer, moves, storage, told } = await node();
    const streamId = await begin(layer);
    expect(moves.facts(streamId)).toBeUndefined();
    expect(await moves.out(streamId, 'n2', totals)).toBe(true);
    expect(moves.facts(streamId)).toMatchObject({ streamId, seq: 2, name: 'cam', totals });
    layer.lifecycle.streamEnded(streamId, { ...totals, reason: 'idle' });
    expect(layer.lifecycle.openStreams.size).toBe(0);
    moves.settled(streamId);
    expect(names(await told())).toEqual(['started 1', 'ready 2']);
    const after = await node(killed(storage));
    expect(after.moves.left).toEqual([]);
    expect(names(await after.told())).toEqual([]);
  });

  it('is undecided after a crash before that is known, and is ended only where the registry still names its process', async () => {
    const { layer, moves, storage } = await node();
    const [ours, theirs] = [await begin(layer), await begin(layer)];
    for (const streamId of [ours, theirs]) await moves.out(streamId, 'n2', totals);
    const after = await node(killed(storage));
    expect(after.moves.left.map(({ streamId }) => streamId)).toEqual([ours, theirs]);
    expect(await after.told()).toEqual([]);
    after.moves.decide(theirs, false);
    after.moves.decide(ours, true);
    after.moves.decide(ours, true);
    const [end, ...more] = await after.told();
    expect(more).toEqual([]);
    expect(end).toMatchObject({ streamid: ours, data: { reason: 'node_restart', totals: 'last_known', bytes: 10 } });
    expect(sequenceOf(end!)).toBe(3);
    expect((await node(killed(after.storage))).moves.left).toEqual([]);
  });

  it('is open again, with its sequence, when it is taken back, also after a crash', async () => {
    const { layer, moves, storage, told } = await node();
    const streamId = await begin(layer);
    await moves.out(streamId, 'n2', totals);
    moves.takeBack(streamId, epoch);
    expect(layer.lifecycle.openStreams.get(streamId)).toMatchObject({ epoch });
    await layer.flush();
    const after = await node(killed(storage));
    layer.lifecycle.streamSuspended(streamId, { resumeWindowMs: 1 });
    layer.lifecycle.streamEnded(streamId, { ...totals, reason: 'idle' });
    expect(names(await told())).toEqual(['started 1', 'ready 2', 'suspended 3', 'ended 4']);
    expect(after.moves.left).toEqual([]);
    expect(after.layer.stats().openStreams).toBe(0);
  });

  it('goes on where the record cannot be stored', async () => {
    const sink = new ListSink();
    const { lifecycle } = lifecycleOn(sink, new ManualClock());
    const streamId = newId();
    await lifecycle.streamStarted({
      streamId,
      app: 'live',
      name: 'cam',
      connectionId: newId(),
      peer,
      transport: 'rtmp',
    });
    sink.sync = () => Promise.reject(new Error('EIO'));
    expect(await lifecycle.moves.out(streamId, 'n2', totals)).toBe(false);
    expect(sink.notes.map(({ kind }) => kind)).toEqual(['Moved', 'Stream']);
    expect(lifecycle.openStreams.has(streamId)).toBe(true);
    expect(await lifecycle.moves.out(newId(), 'n2', totals)).toBe(false);
  });

  it('is acknowledged when its newest event is, whatever others wait for', async () => {
    const sink = new ListSink();
    const { lifecycle } = lifecycleOn(sink, new ManualClock());
    const asked: number[] = [];
    sink.whenCommitted = (position?: number) => {
      asked.push(position!);
      return new Promise(() => {});
    };
    const ids = [newId(), newId()];
    for (const streamId of ids)
      await lifecycle.streamStarted({
        streamId,
        app: 'live',
        name: streamId,
        connectionId: newId(),
        peer,
        transport: 'rtmp',
      });
    expect(await lifecycle.moves.whenAcked(ids[0]!, 1)).toBe(false);
    expect(asked).toEqual([1]);
    expect(await lifecycle.moves.whenAcked(newId(), 1)).toBe(false);
  });

  it('is kept undecided while old segments are deleted', async () => {
    const { layer, moves, storage } = await node();
    const streamId = await begin(layer);
    await moves.out(streamId, 'n2', totals);
    for (let i = 0; i < 60; i++) {
      const other = await begin(layer);
      layer.lifecycle.streamEnded(other, { ...totals, reason: 'idle' });
      await layer.flush();
    }
    const text = Buffer.concat([...storage.segments.values()]).toString('latin1');
    expect(text).not.toContain(`live.cam.${streamId}.stream.started`);
    const after = await node(killed(storage));
    expect(after.moves.left).toMatchObject([{ streamId, seq: 2, totals }]);
    after.moves.decide(streamId, true);
    expect((await after.told()).map(sequenceOf)).toEqual([3]);
  });
});

describe('a stream that comes', () => {
  it('counts on from where the other node stopped, and ends once with what both carried', async () => {
    const { layer, moves, clock, told } = await node();
    const came = facts(clock);
    await moves.announce(came);
    await moves.in(came.streamId, arrived);
    layer.lifecycle.streamEnded(came.streamId, { ...totals, bytes: 30, reason: 'client_unpublish' });
    const events = await told();
    expect(names(events)).toEqual(['resumed 6', 'ended 7']);
    expect(events[0]!.data).toMatchObject({ cause: 'moved', fromNode: 'n2', gapMs: 40, epoch: 9, nodeId: 'n1' });
    expect(events[1]!.data).toMatchObject({
      durationMs: 60_000,
      bytes: 30,
      totals: 'exact',
      reason: 'client_unpublish',
    });
    for (const event of events) expect(validateEvent(event)).toEqual([]);
  });

  it('is undecided after a crash before it was resumed here', async () => {
    const { moves, clock, storage } = await node();
    const came = facts(clock);
    await moves.announce(came);
    for (const isOurs of [true, false]) {
      const after = await node(killed(storage));
      expect(after.moves.left).toMatchObject([{ streamId: came.streamId, seq: 5 }]);
      after.moves.decide(came.streamId, isOurs);
      expect(names(await after.told())).toEqual(isOurs ? ['ended 6'] : []);
    }
  });

  it('is ended by the next start after a crash once it was resumed here, at its next number', async () => {
    const { layer, moves, clock, storage } = await node();
    const came = facts(clock);
    await moves.announce(came);
    await moves.in(came.streamId, arrived);
    await layer.flush();
    const after = await node(killed(storage));
    expect(after.moves.left).toEqual([]);
    const text = Buffer.concat([...after.storage.segments.values()]).toString('latin1');
    expect(text).toContain(`"sequence":"0000000007","streamid":"${came.streamId}"`);
    expect(text.match(/"type":"io.sluice.stream.ended"/g)).toHaveLength(1);
  });

  it('comes back to a node that had it before', async () => {
    const { layer, moves, storage, told } = await node();
    const streamId = await begin(layer);
    await moves.out(streamId, 'n2', totals);
    const left = moves.facts(streamId)!;
    moves.settled(streamId);
    await moves.announce({ ...left, seq: 8, connectionId: newId() });
    await moves.in(streamId, arrived);
    layer.lifecycle.streamIdle(streamId, { players: 0 });
    expect(names(await told())).toEqual(['started 1', 'ready 2', 'resumed 9', 'idle 10']);
    const after = await node(killed(storage));
    const text = Buffer.concat([...after.storage.segments.values()]).toString('latin1');
    expect(text.match(/"type":"io.sluice.stream.ended"/g)).toHaveLength(1);
    expect(text).toContain('"sequence":"0000000011"');
  });

  it('is told to have ended where it cannot go on, and forgotten where another node has it', async () => {
    const sink = new ListSink();
    const clock = new ManualClock();
    const { lifecycle } = lifecycleOn(sink, clock);
    const [first, second] = [facts(clock), facts(clock)];
    sink.startError = new Error('full');
    await lifecycle.moves.announce(first);
    await expect(lifecycle.moves.in(first.streamId, arrived)).rejects.toThrow('full');
    expect(lifecycle.openStreams.size).toBe(0);
    lifecycle.moves.endArriving(first.streamId, 'protocol_error');
    lifecycle.moves.endArriving(first.streamId, 'protocol_error');
    await lifecycle.moves.announce(second);
    lifecycle.moves.settled(second.streamId);
    lifecycle.moves.endArriving(second.streamId, 'protocol_error');
    expect(names(sink.events)).toEqual(['ended 6']);
    expect(sink.events[0]!.data).toMatchObject({ reason: 'protocol_error', ...totals });
    expect(sink.released).toBe(0);
    expect(lifecycle.moves.undecided).toEqual([]);
  });
});
