import { describe, expect, it } from 'vitest';
import { newsOf } from '../../../../src/jobs/nats/ring.js';

const SUBJECT = 'sluice.v1.evt.live.cam=2E1.01JZ8Z3K6YQ4Q0V5N7W2T9B1CD.stream';
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe('an event that wakes a runner', () => {
  it('says what happened to which stream', () => {
    const event = { time: '2026-01-01T00:00:00Z', sequence: '0000000002', data: { tracks: [] } };
    expect(newsOf({ subject: `${SUBJECT}.ready.2`, data: json(event) })).toEqual({
      ...{ verb: 'ready', streamId: '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD', app: 'live', name: 'cam.1', sequence: 2 },
      ...{ time: '2026-01-01T00:00:00Z', data: { tracks: [] } },
    });
  });

  it('has the sequence of its envelope when its subject has none, as an end', () => {
    expect(newsOf({ subject: `${SUBJECT}.ended.end`, data: json({ sequence: '0000000017' }) })?.sequence).toBe(17);
  });

  it.each([
    [`${SUBJECT}.data.3`, json({})],
    [`${SUBJECT.replace('stream', 'play')}.started.3`, json({})],
    [`${SUBJECT}.ready.2`, Buffer.from('{')],
    ['sluice.v1.evt', json({})],
    ['', json({})],
  ])('is none when its subject or its body is another one: %s', (subject, data) => {
    expect(newsOf({ subject, data })).toBeUndefined();
  });

  it('does without data that others left out', () => {
    expect(newsOf({ subject: `${SUBJECT}.ready.2`, data: json({ sequence: 'x' }) })).toMatchObject({
      data: {},
      time: '',
    });
  });
});
