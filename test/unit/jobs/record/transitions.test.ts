import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../../../src/jobs/record/record.js';
import * as ways from '../../../../src/jobs/record/transitions.js';

const WRITE = { nonce: 'w', nowMs: 1_000_000 };
const RETRY = { max: 2, backoffMs: [1000, 8000] as const, stableMs: 60_000, never: [64] };
const NAME = { streamId: '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD', app: 'live', name: 'cam', template: 'record' };
const FAILED = { outcome: 'failed', reason: 'exit', exit: { code: 1 }, mayRetry: true, wasStable: false } as const;

function open(): JobRecord {
  return ways.requested(NAME, { app: 'live', name: 'cam', labels: {} }, 2, { nonce: 'r', nowMs: 0 });
}

function running(before = open()): JobRecord {
  return ways.started(ways.claimed(before, 'r1.b1', 7, WRITE), 42, WRITE);
}

describe('a job', () => {
  it('is open, held, running and done, and counts its attempt', () => {
    const held = ways.claimed(open(), 'r1.b1', 7, WRITE);
    expect(held).toMatchObject({ state: 'held', attempt: 1, by: 'r1.b1', templateRev: 7 });
    expect(held.token).toBeUndefined();
    expect(ways.started(held, 42, WRITE)).toMatchObject({ state: 'running', token: 42, startedAt: expect.any(String) });
    const done = ways.settled(running(), { ...FAILED, outcome: 'succeeded', reason: 'exit' }, RETRY, 0, WRITE);
    expect(done).toMatchObject({ state: 'done', outcome: 'succeeded', last: { attempt: 1, outcome: 'succeeded' } });
    expect(done.by).toBeUndefined();
  });

  it('is tried again after a delay that doubles, and abandoned when its failures are used up', () => {
    let record = running();
    const delays: number[] = [];
    for (;;) {
      record = ways.settled(record, FAILED, RETRY, 0.5, WRITE);
      if (record.state === 'done') break;
      delays.push(record.notBefore - WRITE.nowMs);
      record = running(record);
    }
    expect(delays).toEqual([1000, 2000]);
    expect(record).toMatchObject({ outcome: 'failed', attempt: 3, failures: 3, last: { isAbandoned: true } });
  });

  it('counts its failures anew after a run that was stable', () => {
    const failed = ways.settled(running(), FAILED, RETRY, 0, WRITE);
    const stable = ways.settled(running(failed), { ...FAILED, wasStable: true }, RETRY, 0, WRITE);
    expect(stable).toMatchObject({ state: 'open', failures: 1 });
  });

  it.each([
    ['an exit code of retry.never', { ...FAILED, exit: { code: 64 } }],
    ['an argument that cannot be made', { ...FAILED, reason: 'argument' as const }],
    ['a program that the only runner cannot start', { ...FAILED, reason: 'spawn' as const, cannot: 'r1', runners: 1 }],
  ])('is abandoned at once for %s', (_, settlement) => {
    expect(ways.settled(running(), settlement, RETRY, 0, WRITE)).toMatchObject({ state: 'done', outcome: 'failed' });
  });

  it('is given to other runners when one cannot start its program, and abandoned after the third', () => {
    let record = running();
    for (const cannot of ['r1', 'r2']) {
      record = ways.settled(record, { ...FAILED, reason: 'spawn', cannot, runners: 5 }, { ...RETRY, max: 9 }, 0, WRITE);
      expect(record.state).toBe('open');
      record = running(record);
    }
    record = ways.settled(
      record,
      { ...FAILED, reason: 'spawn', cannot: 'r3', runners: 5 },
      { ...RETRY, max: 9 },
      0,
      WRITE,
    );
    expect(record).toMatchObject({ state: 'done', cannot: ['r1', 'r2', 'r3'] });
  });

  it('is not tried again when its stream is over, and its failure is told without being called abandoned', () => {
    const done = ways.settled(running(), { ...FAILED, mayRetry: false }, RETRY, 0, WRITE);
    expect(done).toMatchObject({ state: 'done', outcome: 'failed' });
    expect(done.last?.isAbandoned).toBeUndefined();
  });

  it('that is given back keeps its failures, and its next attempt has another number', () => {
    const failed = ways.settled(running(), FAILED, RETRY, 0, WRITE);
    const back = ways.reopened(running(failed), 'runner_drained', 0, WRITE);
    expect(back).toMatchObject({ state: 'open', failures: 1, attempt: 2, last: { attempt: 2, outcome: 'stopped' } });
    expect(ways.claimed(back, 'r2.b2', 7, WRITE).attempt).toBe(3);
  });

  it('that ends before it ran takes the number of an attempt of its own', () => {
    const failed = ways.settled(running(), FAILED, RETRY, 0, WRITE);
    expect(ways.stopped(failed, 'stream_ended', 9, WRITE)).toMatchObject({
      ...{ state: 'done', outcome: 'stopped', attempt: 2, sequence: 9 },
      last: { attempt: 2, outcome: 'stopped', reason: 'stream_ended' },
    });
  });

  it('that is stopping keeps its claim, so that its holder can settle it', () => {
    const stopping = ways.stopping(running(), 'stream_ended', 42, 5, WRITE);
    expect(stopping).toMatchObject({ state: 'stopping', by: 'r1.b1', token: 42, sequence: 5 });
  });
});
