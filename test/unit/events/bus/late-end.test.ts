import { describe, expect, it } from 'vitest';
import { endAfter, isLateEnd } from '../../../../src/events/bus/late-end.js';
import { type Envelope, streamEvent } from '../../../../src/events/envelope.js';
import type { EndReason } from '../../../../src/model/reasons.js';

const base = 'sluice.v1.evt.live.cam.01ARZ3NDEKTSV4RRFFQ69G5FAV';

function end(reason: EndReason, sequence: number): Envelope {
  const emitter = { prefix: 'sluice.v1', nodeId: 'n', bootId: 'b' };
  const stream = { app: 'live', name: 'cam', streamId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };
  return streamEvent(emitter, stream, 'io.sluice.stream.ended', sequence, 0, { reason } as never);
}

function entryOf(event: Envelope): Parameters<typeof isLateEnd>[0] {
  return { ...event, sequence: 1, wallMs: 0, own: true };
}

describe('the end that a restarted node gives a stream', () => {
  it('is known by its type and its reason', () => {
    expect(isLateEnd(entryOf(end('node_restart', 2)))).toBe(true);
    expect(isLateEnd(entryOf(end('client_unpublish', 2)))).toBe(false);
    expect(isLateEnd(entryOf({ ...end('node_restart', 2), type: 'io.sluice.stream.data' }))).toBe(false);
  });

  it('stays as it is when its sequence is behind the last stored one', () => {
    const { json } = end('node_restart', 5);
    expect(endAfter(json, `${base}.stream.ready.4`)).toBe(json);
  });

  it('goes behind the last stored event when the journal had forgotten some, and changes in nothing else', () => {
    const { json } = end('node_restart', 3);
    const moved = JSON.parse(endAfter(json, `${base}.stream.updated.7`).toString('utf8')) as object;
    expect(moved).toEqual({ ...(JSON.parse(json.toString('utf8')) as object), sequence: '0000000008' });
  });

  it.each([2, '0000000002'])('counts on from a sequence that is written %o', (sequence) => {
    const event = JSON.parse(end('node_restart', 1).json.toString('utf8')) as object;
    const json = Buffer.from(JSON.stringify({ ...event, sequence }));
    expect(endAfter(json, `${base}.stream.ready.1`)).toBe(json);
    expect(JSON.parse(endAfter(json, `${base}.stream.ready.2`).toString('utf8'))).toMatchObject({
      sequence: '0000000003',
    });
  });

  it('stays as it is when another end is stored, which will stand', () => {
    const { json } = end('node_restart', 3);
    expect(endAfter(json, `${base}.stream.ended.end`)).toBe(json);
  });
});
