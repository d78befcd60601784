import { describe, expect, it } from 'vitest';
import {
  exitWords,
  grownLog,
  inOrder,
  type Job,
  jobState,
  progressOf,
  progressWords,
  reasonWords,
  runnerOf,
  sinceOf,
} from '../../../src/page/jobs.js';

function job(members: Partial<Job>): Job {
  return {
    ...{ jobId: 's/record', state: 'open', app: 'live', name: 'cam1', template: 'record', templateRev: 1, attempt: 1 },
    ...{ failures: 0, notBefore: 0, requestedAt: '2026-01-01T12:00:00Z' },
    ...members,
  };
}

describe('jobs on the page', () => {
  it('that are over are told by what came of them', () => {
    expect(jobState(job({ state: 'running' }))).toBe('running');
    expect(jobState(job({ state: 'done', outcome: 'failed' }))).toBe('failed');
    expect(jobState(job({ state: 'done' }))).toBe('done');
  });

  it('stand in the order in which one looks for them', () => {
    const jobs = [
      job({ jobId: 'a', state: 'done' }),
      job({ jobId: 'b', requestedAt: '2026-01-01T12:00:01Z' }),
      job({ jobId: 'c', requestedAt: '2026-01-01T12:00:02Z' }),
    ];
    expect(inOrder(jobs).map(({ jobId }) => jobId)).toEqual(['c', 'b', 'a']);
  });

  it('stand as they do since they were asked for, began, or ended', () => {
    const times = { startedAt: '2026-01-01T12:00:01Z', endedAt: '2026-01-01T12:00:02Z' };
    expect(sinceOf(job({ ...times, state: 'open' }))).toBe('2026-01-01T12:00:00Z');
    expect(sinceOf(job({ ...times, state: 'running' }))).toBe('2026-01-01T12:00:01Z');
    expect(sinceOf(job({ ...times, state: 'done' }))).toBe('2026-01-01T12:00:02Z');
    expect(sinceOf(job({ state: 'done' }))).toBe('2026-01-01T12:00:00Z');
  });

  it('are at a runner, whichever boot of it', () => {
    expect([runnerOf('r1.b1'), runnerOf('r1'), runnerOf(undefined)]).toEqual(['r1', 'r1', '']);
  });

  it('say why in words, and what is not known as it is named', () => {
    expect(reasonWords('runner_lost')).toBe('its runner was lost');
    expect([reasonWords('some_new_reason'), reasonWords('toString')]).toEqual(['some new reason', 'toString']);
  });

  it('say how a program ended', () => {
    expect([exitWords({ code: 1 }), exitWords({ signal: 'SIGKILL' }), exitWords({}), exitWords(undefined)]).toEqual([
      'exit code 1',
      'signal SIGKILL',
      '',
      '',
    ]);
  });

  it('say how far a program is, in what it tells', () => {
    const all = { outTimeMs: 62_000, frame: 1860, fps: 29.97, bitrateKbps: 4512.4, totalBytes: 34_900_000 };
    expect(progressWords({ ...all, dropFrames: 2, speed: 1.004 })).toBe(
      '1:02 of media, 1860 frames, 30 fps, 4512 kbit/s, 34.9 MB, 2 dropped, at speed 1',
    );
    expect(progressWords({ frame: 5, dropFrames: 0 })).toBe('5 frames');
    expect(progressWords({})).toBe('');
  });

  it('stands in few words beside a job that runs, as its runner said last', () => {
    const runner = { runnerId: 'r', state: 'up', host: 'h', slots: 2, used: 1, labels: {}, time: '' };
    const tells = {
      ...runner,
      progress: { 's/record': { frame: 9, outTimeMs: 62_000, speed: 1 }, 's/b': { frame: 9 } },
    };
    expect(progressOf(job({ state: 'running' }), [runner, tells])).toBe('1:02 of media, at speed 1');
    expect(progressOf(job({ state: 'running', jobId: 's/b' }), [tells])).toBe('9 frames');
    expect(progressOf(job({ state: 'done' }), [tells])).toBe('');
    expect(progressOf(job({ state: 'running', jobId: 'toString' }), [tells])).toBe('');
  });
});

describe('a log on the page', () => {
  it('grows, and loses whole lines at its beginning', () => {
    expect(grownLog('one\n', 'two\n')).toBe('one\ntwo\n');
    const line = `${'x'.repeat(99)}\n`;
    const kept = grownLog(line.repeat(2000), `${'y'.repeat(49)}\n`);
    expect(kept).toHaveLength(199_950);
    expect(kept.startsWith('xxx')).toBe(true);
    expect(kept.endsWith('y\n')).toBe(true);
    expect(grownLog('', 'z'.repeat(300_000))).toHaveLength(200_000);
  });
});
