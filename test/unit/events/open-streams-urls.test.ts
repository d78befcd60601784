import { describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/ids.js';
import type { SluiceEvent } from '../../../src/events/event-types.js';
import { lateEnd, OpenStreams, openStreamOf, stateOf } from '../../../src/events/open-streams.js';
import { validateEvent } from '../../../src/events/validate.js';
import { ManualClock } from '../../support/events-parts.js';
import { ListSink, lifecycleOn } from '../../support/every-event.js';
import { schemaProblems } from '../../support/schemas.js';

const urls = { rtmp: 'rtmp://192.0.2.7:1935/live/cam' };

/** What a lifecycle tells of a stream that starts, is ready and changes, and the states that follow from it. */
async function told(more: { urls?: typeof urls }) {
  const [clock, sink] = [new ManualClock(), new ListSink()];
  const { lifecycle } = lifecycleOn(sink, clock);
  const [streamId, connectionId, peer] = [newId(), newId(), { address: '192.0.2.9', port: 1 }];
  const start = { streamId, app: 'live', name: 'cam', connectionId, peer, transport: 'rtmp', ...more } as const;
  await lifecycle.streamStarted(start);
  const states = [stateOf(lifecycle.openStreams.get(streamId)!)];
  lifecycle.streamReady(streamId, { tracks: [], timeToReadyMs: 1 });
  states.push(stateOf(lifecycle.openStreams.get(streamId)!));
  return { envelopes: sink.envelopes, events: sink.events, states };
}

describe('where a stream can be fetched', () => {
  it('is told when it starts and when it is ready, and stands in its state', async () => {
    const { events, states } = await told({ urls });
    expect(events.map(({ data }) => (data as { urls?: unknown }).urls)).toEqual([urls, urls]);
    expect(states.map((state) => state.urls)).toEqual([urls, urls]);
    for (const event of events) expect(validateEvent(event)).toEqual([]);
    for (const state of states) expect(schemaProblems('kv.stream-state', state)).toEqual([]);
  });

  it('is told whole or not at all: up to 1,536 characters', async () => {
    const of = (length: number) => ({ rtmp: 'rtmp://192.0.2.7:1935/live/'.padEnd(length, 'x') });
    for (const [length, isTold] of [
      [1535, true],
      [1536, true],
      [1537, false],
    ] as const) {
      const { events, states } = await told({ urls: of(length) });
      const expected = isTold ? of(length) : undefined;
      expect(events.map(({ data }) => (data as { urls?: unknown }).urls)).toEqual([expected, expected]);
      expect(states[1].urls).toEqual(expected);
      for (const event of events) expect(validateEvent(event)).toEqual([]);
      expect(schemaProblems('kv.stream-state', states[1])).toEqual([]);
    }
  });

  it('is checked by the schemas', async () => {
    const { events, states } = await told({ urls });
    for (const wrong of [{}, { rtmp: 5 }, { rtmp: 'no url' }, 'rtmp://192.0.2.7/live/cam']) {
      const event = { ...events[0], data: { ...events[0].data, urls: wrong } } as unknown as SluiceEvent;
      expect(validateEvent(event)).not.toEqual([]);
      expect(schemaProblems('kv.stream-state', { ...states[0], urls: wrong })).not.toEqual([]);
    }
  });

  for (const [which, more] of [
    ['with it', { urls }],
    ['without it, as older versions wrote them', {}],
  ] as const) {
    it(`is read back from events and states ${which}`, async () => {
      const { envelopes, events, states } = await told(more);
      for (const event of events) expect(validateEvent(event)).toEqual([]);
      const table = new OpenStreams();
      for (const [position, { subject, json }] of envelopes.entries()) table.apply(position, subject, json, true);
      const [session] = table.open.values();
      expect(stateOf(session)).toEqual(states[1]);
      expect('urls' in stateOf(session)).toBe('urls' in more);
      expect(stateOf(openStreamOf(states[1]))).toEqual(states[1]);
      const end = lateEnd(session, { reason: 'node_restart', endedMs: session.startedMs + 1, totals: undefined });
      expect(end).toMatchObject({ reason: 'node_restart' });
    });
  }
});
