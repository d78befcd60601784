import { describe, expect, it } from 'vitest';
import { countedSequence } from '../../../src/events/consume/counted.js';
import { orderKey } from '../../../src/events/envelope.js';
import { ManualClock } from '../../support/events-parts.js';
import { ListSink, lifecycleOn } from '../../support/every-event.js';

const stream = { streamId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', app: 'live', name: 'a/b', connectionId: 'c' };
const record = { recordId: '01ARZ3NDEKTSV4RRFFQ69G5FAR', file: 'live/x.flv', part: 1 };
const end = {
  ...{ ...record, startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:01.000Z' },
  ...{ bytes: 10, durationMs: 1000, gaps: 0, reason: 'stream_ended' as const },
};

describe('events of recordings', () => {
  it('count on their own, of a stream that is over as well, and are published in order with its events', async () => {
    const sink = new ListSink();
    const { lifecycle } = lifecycleOn(sink, new ManualClock());
    lifecycle.records.started(stream, record);
    await lifecycle.records.ended(stream, end);
    const base = `sluice.v1.evt.live.a=2Fb.${stream.streamId}`;
    expect(sink.envelopes.map(({ id, subject }) => ({ id, subject }))).toEqual([
      { id: `${stream.streamId}:${record.recordId}-1`, subject: `${base}.record.started.${record.recordId}-1` },
      { id: `${stream.streamId}:${record.recordId}-end`, subject: `${base}.record.ended.${record.recordId}-end` },
    ]);
    for (const { id, subject } of sink.envelopes) {
      expect(orderKey(id)).toBe(stream.streamId);
      expect(countedSequence(subject)).toBeUndefined();
    }
    expect(sink.events.map(({ sequence, streamid }) => [sequence, streamid])).toEqual([
      ['0000000001', stream.streamId],
      ['0000000002', stream.streamId],
    ]);
    expect(sink.events[1]!.data).toMatchObject({ ...stream, ...end });
  });

  it('have a detail of bounded length', async () => {
    const sink = new ListSink();
    await lifecycleOn(sink, new ManualClock()).lifecycle.records.ended(stream, { ...end, detail: 'x'.repeat(5000) });
    expect((sink.events[0]!.data as { detail: string }).detail.length).toBeLessThanOrEqual(256);
  });
});
