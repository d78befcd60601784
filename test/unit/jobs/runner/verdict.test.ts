import { describe, expect, it } from 'vitest';
import { verdictOf } from '../../../../src/jobs/runner/verdict.js';

const FACTS = {
  until: 'ended' as const,
  stopping: undefined,
  isStreamOver: false,
  ...{ ranMs: 10, stableMs: 60_000, runnerId: 'r1', runners: 2 },
};

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
