import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/core/errors.js';
import { newId } from '../../../src/core/ids.js';
import { MAX_EVENT_BYTES } from '../../../src/events/envelope.js';
import { type ChangedFacts, sequenceOf } from '../../../src/events/event-types.js';
import type { EventSink } from '../../../src/events/lifecycle.js';
import { validateEvent } from '../../../src/events/validate.js';
import { ManualClock } from '../../support/events-parts.js';
import { ListSink, lifecycleOn } from '../../support/every-event.js';

const peer = { address: '127.0.0.1', port: 1 };
const totals = { bytes: 10, audioFrames: 1, videoFrames: 2, drops: 3 };

function start(o: { plays?: boolean } = {}) {
  const clock = new ManualClock();
  const sink = new ListSink();
  const { lifecycle, signals } = lifecycleOn(sink, clock, o);
  const streamId = newId();
  const begin = () =>
    lifecycle.streamStarted({ streamId, app: 'live', name: 'cam', connectionId: newId(), peer, transport: 'rtmp' });
  return { clock, sink, lifecycle, signals, streamId, begin };
}

const types = (sink: ListSink) => sink.events.map((event) => event.type.replace('io.sluice.', ''));

describe('the lifecycle', () => {
  it('numbers the events of a stream without gaps and ends it once, whoever says so first', async () => {
    const { sink, lifecycle, streamId, begin, clock } = start();
    await begin();
    lifecycle.streamReady(streamId, { tracks: [], timeToReadyMs: 1 });
    clock.pass(2500);
    lifecycle.streamEnded(streamId, { reason: 'idle', ...totals });
    lifecycle.streamEnded(streamId, { reason: 'kicked', ...totals });
    lifecycle.streamUpdated(streamId, { before: {}, after: {} });
    expect(types(sink)).toEqual(['stream.started', 'stream.ready', 'stream.ended']);
    expect(sink.events.map(sequenceOf)).toEqual([1, 2, 3]);
    expect(sink.events[2].data).toMatchObject({ reason: 'idle', durationMs: 2500, ...totals, totals: 'exact' });
    expect(sink.released).toBe(1);
  });

  it('tells commands with a number each, bounded, and in the order of the other events of the node', async () => {
    const { sink, lifecycle } = start();
    const command = { verb: 'kick', actor: 'ops', requestId: newId(), result: 'done', latencyMs: 2 };
    await lifecycle.nodeStarted();
    lifecycle.nodeCommand({ ...command, target: { streamId: 'S' } });
    sink.open = false;
    lifecycle.nodeCommand({ ...command, target: {} });
    sink.open = true;
    lifecycle.nodeCommand({ ...command, actor: 'x'.repeat(9000), target: { list: Array(9000).fill('x'.repeat(99)) } });
    const [started, first, second] = sink.events;
    const { nodeId, bootId } = started!.data as { nodeId: string; bootId: string };
    expect(first).toMatchObject({ id: `${bootId}:command.1`, data: { ...command, nodeId, target: { streamId: 'S' } } });
    expect(second!.id).toBe(`${bootId}:command.2`);
    expect(sink.events.map(sequenceOf)).toEqual([1, 2, 3]);
    expect(JSON.stringify(second).length).toBeLessThan(MAX_EVENT_BYTES);
    for (const event of sink.events) expect(validateEvent(event)).toEqual([]);
  });

  it('leaves optional events out, counted, where the journal keeps its room for others, and never half of a play', async () => {
    const { sink, lifecycle, streamId, begin } = start();
    await begin();
    const player = (playerId: string) => ({ playerId, connectionId: newId(), peer });
    const [seen, unseen] = [newId(), newId()];
    lifecycle.playStarted(streamId, player(seen));
    sink.roomy = false;
    lifecycle.playStarted(streamId, player(unseen));
    lifecycle.streamData(streamId, { handler: 'onTextData', timestamp: 0, values: [] });
    lifecycle.streamReady(streamId, { tracks: [], timeToReadyMs: 1 });
    for (const playerId of [seen, unseen]) {
      lifecycle.playEnded(streamId, { playerId, bytes: 0, drops: 0, reason: 'client_stopped' });
    }
    lifecycle.streamEnded(streamId, { reason: 'idle', ...totals });
    expect(types(sink)).toEqual(['stream.started', 'play.started', 'stream.ready', 'play.ended', 'stream.ended']);
    expect(sink.events.map(sequenceOf)).toEqual([1, 2, 3, 4, 5]);
    expect(lifecycle.counts).toMatchObject({ withheld: 2, dropped: 0 });
    sink.open = false;
    await begin();
    lifecycle.streamData(streamId, { handler: 'onTextData', timestamp: 0, values: [] });
    expect(lifecycle.counts).toMatchObject({ withheld: 2, dropped: 1 });
  });

  it('takes durations from the monotonic clock when the wall clock jumps back', async () => {
    const { sink, lifecycle, streamId, begin, clock } = start();
    await begin();
    clock.pass(1000);
    clock.wall -= 3_600_000;
    lifecycle.streamEnded(streamId, { reason: 'idle', ...totals });
    expect(sink.events[1].data).toMatchObject({ durationMs: 1000 });
  });

  it('tells nothing of a start that could not be stored, nor of what came while it was tried', async () => {
    const { sink, lifecycle, streamId, begin } = start();
    sink.startError = new SluiceError('ERR_EVENTS_JOURNAL_FULL');
    const starting = begin();
    lifecycle.streamEnded(streamId, { reason: 'client_closed', ...totals });
    await expect(starting).rejects.toMatchObject({ code: 'ERR_EVENTS_JOURNAL_FULL' });
    expect(sink.events).toEqual([]);
    expect(lifecycle.openStreams.size).toBe(0);
    expect(lifecycle.counts.refusedStarts).toBe(1);
  });

  it('says that the node has stopped after the end of a stream whose start was still being written', async () => {
    const { sink, lifecycle, begin } = start();
    let written = (): void => {};
    const append = sink.appendStart.bind(sink);
    sink.appendStart = (event) =>
      new Promise<void>((resolve) => {
        written = resolve;
      }).then(() => append(event));
    const starting = begin();
    const stopped = lifecycle.nodeStopped();
    written();
    await Promise.all([starting, stopped]);
    expect(types(sink)).toEqual(['stream.started', 'stream.ended', 'node.stopped']);
  });

  it('tells what came before the start was durable after it, in order', async () => {
    const { sink, lifecycle, streamId, begin } = start();
    const starting = begin();
    lifecycle.streamReady(streamId, { tracks: [], timeToReadyMs: 1 });
    lifecycle.streamEnded(streamId, { reason: 'client_closed', ...totals });
    await starting;
    expect(types(sink)).toEqual(['stream.started', 'stream.ready', 'stream.ended']);
  });

  it('refuses a second start of one stream id', async () => {
    const { begin } = start();
    await begin();
    await expect(begin()).rejects.toMatchObject({ code: 'ERR_EVENTS_STREAM_TAKEN' });
  });

  it('leaves no gap in the numbers for events that a full journal does not take, counts them, and still ends', async () => {
    const { sink, lifecycle, streamId, begin } = start();
    await begin();
    sink.open = false;
    lifecycle.streamReady(streamId, { tracks: [], timeToReadyMs: 1 });
    lifecycle.streamActive(streamId, { players: 1 });
    lifecycle.streamEnded(streamId, { reason: 'limit', ...totals });
    expect(sink.events.map((event) => [event.type, sequenceOf(event)])).toEqual([
      ['io.sluice.stream.started', 1],
      ['io.sluice.stream.ended', 2],
    ]);
    expect(lifecycle.counts).toMatchObject({ emitted: 2, dropped: 2 });
  });

  it('ends the players that are still there before the stream, and each player once', async () => {
    const { sink, lifecycle, streamId, begin } = start();
    await begin();
    for (const playerId of ['a', 'b'])
      lifecycle.playStarted(streamId, { playerId, connectionId: `of-${playerId}`, peer });
    lifecycle.playEnded(streamId, { playerId: 'a', bytes: 5, drops: 0, reason: 'client_closed' });
    lifecycle.playEnded(streamId, { playerId: 'a', bytes: 5, drops: 0, reason: 'client_closed' });
    lifecycle.streamEnded(streamId, { reason: 'client_closed', ...totals });
    expect(types(sink)).toEqual([
      'stream.started',
      'play.started',
      'play.started',
      'play.ended',
      'play.ended',
      'stream.ended',
    ]);
    expect(sink.events[3].data).toMatchObject({ playerId: 'a', connectionId: 'of-a', peer, bytes: 5 });
    expect(sink.events[4].data).toMatchObject({ playerId: 'b', connectionId: 'of-b', peer, reason: 'stream_ended' });
  });

  it('tells no play events when they are off', async () => {
    const { sink, lifecycle, streamId, begin } = start({ plays: false });
    await begin();
    lifecycle.playStarted(streamId, { playerId: 'a', connectionId: 'c', peer });
    lifecycle.playEnded(streamId, { playerId: 'a', bytes: 5, drops: 0, reason: 'client_closed' });
    expect(types(sink)).toEqual(['stream.started']);
  });

  it('keeps every event below the bound and valid, whatever a peer sends', async () => {
    const { sink, lifecycle, clock } = start();
    const long = '\u0001"\\💥'.repeat(5000);
    const labels = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i}${long}`, long]));
    const streamId = newId();
    // The longest names that names.maxBytes can let in.
    const name = 'é'.repeat(256);
    await lifecycle.streamStarted({
      ...{
        streamId,
        app: name,
        name,
        urls: { rtmp: 'rtmp://192.0.2.7:1935/live/'.padEnd(1536, 'x') },
        connectionId: newId(),
        peer,
        transport: 'rtmp',
        encoder: long,
        tcUrl: long,
        labels,
      },
      ...{ principal: long },
    });
    const deep: unknown[] = [];
    let at = deep;
    for (let i = 0; i < 1000; i++) {
      const inner: unknown[] = [];
      at.push(inner);
      at = inner;
    }
    const tracks = Array.from({ length: 500 }, (_, id) => ({
      id,
      kind: 'audio' as const,
      codec: long,
      sampleRate: Number.NaN,
      channels: -1,
    }));
    lifecycle.streamReady(streamId, { tracks, timeToReadyMs: 1 });
    lifecycle.streamUpdated(streamId, {
      before: { metadata: { encoder: long }, tracks },
      after: { [long]: long, deep, metadata: { encoder: long }, tracks } as ChangedFacts,
    });
    lifecycle.streamData(streamId, {
      handler: long,
      timestamp: 1,
      values: [long, deep, JSON.parse('{"__proto__":{"polluted":1}}'), labels],
    });
    lifecycle.streamRejected({
      attemptId: newId(),
      app: long,
      name: long,
      connectionId: 'c',
      peer,
      reason: long,
      code: long,
      latencyMs: 1,
    });
    clock.pass(1);
    lifecycle.streamEnded(streamId, { reason: 'protocol_error', detail: long, ...totals });
    expect(sink.envelopes).toHaveLength(6);
    for (const envelope of sink.envelopes) {
      expect(envelope.json.length, envelope.type).toBeLessThan(MAX_EVENT_BYTES);
      expect(validateEvent(JSON.parse(envelope.json.toString('utf8')))).toEqual([]);
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('tells at most a burst of refusals and then a hundred a second, and counts the rest', () => {
    const { sink, lifecycle, clock } = start();
    const reject = () =>
      lifecycle.streamRejected({
        attemptId: newId(),
        app: 'a',
        name: 'n',
        connectionId: 'c',
        peer,
        reason: 'r',
        code: 'c',
        latencyMs: 0,
      });
    for (let i = 0; i < 1000; i++) reject();
    expect(sink.envelopes).toHaveLength(500);
    clock.pass(1000);
    for (let i = 0; i < 1000; i++) reject();
    expect(sink.envelopes).toHaveLength(600);
    expect(lifecycle.counts.suppressedRejections).toBe(1400);
  });

  it('sends telemetry and connection messages as signals and keeps the totals', async () => {
    const { lifecycle, signals, streamId, begin } = start();
    await begin();
    lifecycle.telemetry(streamId, { totals, kbpsIn: 2500 });
    lifecycle.connection('opened', 'conn1', { peer });
    expect(signals.map((signal) => signal.tokens.slice(0, 3))).toEqual([
      ['tel', 'live', 'cam'],
      ['conn', 'n1', 'conn1'],
    ]);
    expect(signals[0].data).toMatchObject({ kbpsIn: 2500, streamId });
    expect(lifecycle.totals.get(streamId)).toEqual(totals);
  });

  it('ends everything that is open, also what is on its way to be, when the node stops', async () => {
    const { sink, lifecycle, begin } = start();
    let store: () => void = () => undefined;
    const slow: EventSink = Object.assign(Object.create(sink) as ListSink, {
      appendStart: (event: Parameters<EventSink['appendStart']>[0]) =>
        new Promise<number>((resolve) => {
          store = () => resolve(sink.append(event));
        }),
    });
    const late = lifecycleOn(slow, new ManualClock());
    await begin();
    await lifecycle.nodeStopped();
    expect(types(sink)).toEqual(['stream.started', 'stream.ended', 'node.stopped']);
    await expect(begin()).rejects.toMatchObject({ code: 'ERR_EVENTS_CLOSED' });
    const streamId = newId();
    const starting = late.lifecycle.streamStarted({
      streamId,
      app: 'a',
      name: 'n',
      connectionId: 'c',
      peer,
      transport: 'rtmp',
    });
    late.lifecycle.endAll('server_drain');
    store();
    await starting;
    expect(types(sink).slice(3)).toEqual(['stream.started', 'stream.ended']);
  });
});
