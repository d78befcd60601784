import { describe, expect, it } from 'vitest';
import { isJobRecord, jobIdOf, jobKey, keyOfJobId } from '../../../../src/jobs/record/record.js';
import { requested } from '../../../../src/jobs/record/transitions.js';

const STREAM = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD';

describe('names of jobs', () => {
  it.each([
    [{ streamId: STREAM, app: 'live', name: 'cam', template: 'record' }, `${STREAM}.record`, `${STREAM}/record`],
    [{ app: 'live', name: 'cam 1', template: 'source' }, 'want.live.cam=201.source', 'want/live/cam 1/source'],
    [{ app: 'a.b', name: 'x/y', template: 's' }, 'want.a=2Eb.x=2Fy.s', 'want/a.b/x/y/s'],
  ])('%o has key and id', (name, key, id) => {
    expect(jobKey(name)).toBe(key);
    expect(jobIdOf(name)).toBe(id);
    expect(keyOfJobId(id)).toBe(key);
  });

  it.each(['', 'record', '/record', `${STREAM}/`, `${STREAM}/Upper`, 'a/b/record', 'want/record', 'want/live/record'])(
    '%j is no id of a job',
    (id) => {
      expect(keyOfJobId(id)).toBeUndefined();
    },
  );
});

describe('records that others wrote', () => {
  const record = requested(
    { streamId: STREAM, app: 'live', name: 'cam', template: 'record' },
    { app: 'live', name: 'cam', labels: {} },
    3,
    { nonce: 'n', nowMs: 1 },
  );

  it('are understood when they are whole', () => {
    expect(isJobRecord(JSON.parse(JSON.stringify(record)))).toBe(true);
  });

  it.each([null, 'open', 1, [], {}, { ...record, v: 2 }, { ...record, state: 'lost' }, { ...record, attempt: '1' }])(
    '%o is none',
    (value) => {
      expect(isJobRecord(value)).toBe(false);
    },
  );

  const end = { attempt: 1, outcome: 'failed', reason: 'exit', time: '2026-01-01T00:00:00Z' };
  it.each([
    ...[{ state: 'held' }, { state: 'running', by: 'r.b' }, { state: 'held', by: '*' }, { state: 'held', by: 'a b.c' }],
    ...[{ last: null }, { last: { ...end, outcome: 'x y' } }, { last: { ...end, time: 'soon' } }, { last: [] }],
    ...[{ attempt: 1.5 }, { attempt: -1 }, { failures: 1e300 }, { notBefore: null }, { requestedAt: 'x' }],
    ...[
      { snapshot: [] },
      { snapshot: { labels: null } },
      { template: 'a.b' },
      { cannot: {} },
      { name: 'x'.repeat(1e5) },
    ],
  ])('%o in one makes it none', (part) => {
    expect(isJobRecord({ ...record, last: end, ...part })).toBe(false);
  });
});
