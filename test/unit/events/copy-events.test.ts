import { describe, expect, it } from 'vitest';
import { countedSequence } from '../../../src/events/consume/counted.js';
import { OpenStreams } from '../../../src/events/open-streams.js';
import { validateEvent } from '../../../src/events/validate.js';
import { ManualClock } from '../../support/events-parts.js';
import { ListSink, lifecycleOn } from '../../support/every-event.js';

const [relayId, streamId] = ['01ARZ3NDEKTSV4RRFFQ69G5FAR', '01ARZ3NDEKTSV4RRFFQ69G5FAV'];
const epoch = { registry: '2026-01-01T00:00:00.000000001Z', revision: 7 };
const of = { relayId, streamId, app: 'live', name: 'a/b' };
const from = { fromNode: 'n2', epoch, url: 'rtmp://192.0.2.9:1935/live/a' };
const moved = { fromNode: 'n3', epoch: { ...epoch, revision: 9 }, url: 'rtmp://192.0.2.7:1935/live/a' };
const peer = { address: '192.0.2.9', port: 1935 };
const player = { playerId: 'p', connectionId: 'c2', peer: { address: '192.0.2.3', port: 9 }, transport: 'rtmp' };

describe('events of the copy of another node’s stream', () => {
  it('count in their relay without gaps, are valid, and no one takes them for events of the stream', () => {
    const sink = new ListSink();
    const clock = new ManualClock();
    const copy = lifecycleOn(sink, clock).lifecycle.relays.ofCopy(of);
    copy.started({ connectionId: 'c1', peer, attempts: 1, ...from });
    copy.playStarted(streamId, player);
    clock.pass(2500);
    copy.playEnded(streamId, { playerId: 'p', bytes: 5, drops: 1, reason: 'stream_ended' });
    copy.playEnded(streamId, { playerId: 'p', bytes: 5, drops: 1, reason: 'client_closed' });
    copy.started({ connectionId: 'c3', peer, attempts: 4, ...moved });
    copy.ended('lost', { bytes: 9, drops: 1 });
    const base = `sluice.v1.evt.live.a=2Fb.${streamId}`;
    expect(sink.envelopes.map(({ id, subject }) => [id, subject])).toEqual([
      [`${relayId}:1`, `${base}.relay.started.${relayId}-1`],
      [`${relayId}:2`, `${base}.play.started.${relayId}-2`],
      [`${relayId}:3`, `${base}.play.ended.${relayId}-3`],
      [`${relayId}:4`, `${base}.relay.started.${relayId}-4`],
      [`${relayId}:end`, `${base}.relay.ended.${relayId}-end`],
    ]);
    const table = new OpenStreams();
    for (const event of sink.events) {
      expect(validateEvent(event), event.type).toEqual([]);
      expect(event).toMatchObject({ streamid: streamId, relayid: relayId });
    }
    for (const { subject, json } of sink.envelopes) {
      expect(countedSequence(subject)).toBeUndefined();
      table.apply(1, subject, json, true);
    }
    expect(table.open.size).toBe(0);
    expect(sink.events.map(({ sequence }) => Number(sequence))).toEqual([1, 2, 3, 4, 5]);
    expect(sink.events[0]!.data).toMatchObject({
      direction: 'copy',
      fromNode: 'n2',
      epoch: 7,
      registry: epoch.registry,
    });
    expect(sink.events[2]!.data).toMatchObject({ durationMs: 2500, connectionId: 'c2' });
    expect(sink.events[3]!.data).toMatchObject({ fromNode: 'n3', epoch: 9, url: moved.url });
    expect(sink.events[4]!.data).toMatchObject({ reason: 'lost', attempts: 4, bytes: 9, connectionId: 'c3' });
  });
});
