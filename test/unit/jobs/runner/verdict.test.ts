import { describe, expect, it } from 'vitest';
import * as ways from '../../../../src/jobs/record/transitions.js';
import { outputTimes, verdictOf } from '../../../../src/jobs/runner/verdict.js';

const FACTS = {
  until: 'ended' as const,
  stopping: undefined,
  isStreamOver: false,
  ...{ ranMs: 10, stableMs: 60_000, runnerId: 'r1', runners: 2 },
};

describe('the time that an output covers', () => {
  const claim = ways.claimed(
    ways.requested(
      { app: 'live', name: 'cam', template: 'record' },
      { app: 'live', name: 'cam', labels: {} },
      1,
      at(0),
    ),
    'r1.b1',
    1,
    at(1000),
  );
  const settle = { outcome: 'succeeded', reason: 'exit', mayRetry: false, wasStable: false } as const;
  const retry = { max: 1, backoffMs: [10, 10], stableMs: 0, never: [] } as const;

  it('has no gap for a first attempt', () => {
    const running = ways.started(claim, 7, at(2000));
    const times = outputTimes(running, ways.settled(running, settle, retry, 0, at(9000)));
    expect(times).toEqual({ from: new Date(2000).toISOString(), to: new Date(9000).toISOString() });
  });

  it('has the gap since the runner before was heard last', () => {
    const lost = ways.reopened(ways.started(claim, 7, at(2000)), 'runner_lost', 0, at(14_000), 4000);
    const running = ways.started(ways.claimed(lost, 'r2.b2', 1, at(14_100)), 9, at(14_500));
    expect(outputTimes(running, ways.settled(running, settle, retry, 0, at(20_000)))).toMatchObject({ gapMs: 10_500 });
  });

  function at(nowMs: number) {
    return { nonce: 'n', nowMs };
  }
});

describe('the end of a run', () => {
  it.each([
    ['at the end of its stream', { end: { kind: 'exit', exit: 0 }, isStreamOver: true }, 'succeeded', 'exit', false],
    [
      'that was to stop and ended by itself',
      { end: { kind: 'exit', exit: 0 }, stopping: 'stream_ended' },
      'succeeded',
      'stream_ended',
      false,
    ],
    ['with until: exit', { end: { kind: 'exit', exit: 0 }, until: 'exit' }, 'succeeded', 'exit', true],
    ['while its stream goes on', { end: { kind: 'exit', exit: 0 } }, 'failed', 'early_exit', true],
    ['with an exit code', { end: { kind: 'exit', exit: 3 } }, 'failed', 'exit', true],
    [
      'with an exit code at the end of its stream',
      { end: { kind: 'exit', exit: 3 }, isStreamOver: true },
      'failed',
      'exit',
      false,
    ],
    ['by a signal that nobody here sent', { end: { kind: 'exit', signal: 'SIGSEGV' } }, 'failed', 'exit', true],
    ['after it was asked', { end: { kind: 'asked', exit: 255 }, stopping: 'idle' }, 'stopped', 'idle', false],
    ['by a stall', { end: { kind: 'stall' } }, 'failed', 'stall', true],
    ['by its time limit', { end: { kind: 'time_limit' } }, 'failed', 'time_limit', true],
    ['before it began', { end: { kind: 'spawn', text: 'ENOENT' } }, 'failed', 'spawn', true],
  ] as const)('%s', (_, facts, outcome, reason, mayRetry) => {
    expect(verdictOf({ ...FACTS, ...facts })).toMatchObject({ outcome, reason, mayRetry });
  });

  it('names the runner that could not start the program', () => {
    expect(verdictOf({ ...FACTS, end: { kind: 'spawn', text: 'ENOENT' } })).toMatchObject({ cannot: 'r1', runners: 2 });
  });

  it('is that of a stable run after retry.stableMs', () => {
    expect(verdictOf({ ...FACTS, end: { kind: 'exit', exit: 1 }, ranMs: 60_000 }).wasStable).toBe(true);
    expect(verdictOf({ ...FACTS, end: { kind: 'exit', exit: 1 }, ranMs: 59_999 }).wasStable).toBe(false);
  });
});
