import { describe, expect, it } from 'vitest';
import type { Sample } from '../../../../bench/hostile/sample.js';
import {
  calmFigures,
  figures,
  judgeAttack,
  judgeCounts,
  judgeFlat,
  judgeTogether,
} from '../../../../bench/hostile/verdicts.js';
import { FAULT_LINES, PLAY_LINES, STREAM_LINES } from '../../../../src/live/address-log.js';

const MB = 2 ** 20;

/** A second of a server: what is not given stands at zero. */
function sample(
  second: number,
  o: Partial<Record<'rss' | 'account' | 'events' | 'lines' | 'turn', number>> = {},
): Sample {
  return {
    atMs: second * 1000,
    rssBytes: (o.rss ?? 100) * MB,
    accountBytes: (o.account ?? 10) * MB,
    kinds: {},
    events: o.events ?? 0,
    logLines: o.lines ?? 0,
    longestTurnMs: o.turn ?? 0,
  };
}

const phase = (samples: readonly Sample[], delaysMs: readonly number[] = [5, 5, 5], lost = 0) => ({
  samples,
  delaysMs,
  lost,
});
const calm = figures(phase([sample(0), sample(1)]));
const missed = (verdicts: readonly { target: string; pass: boolean }[]): string[] =>
  verdicts.filter((v) => !v.pass).map((v) => v.target.replace(/ ≤.*/, ''));

describe('the verdicts of an attack', () => {
  it('are all met by a server that does not notice it', () => {
    expect(missed(judgeAttack('a', calm, figures(phase([sample(0), sample(10)]))))).toEqual([]);
  });

  it('hold the growth of RSS against that of the account, at every moment', () => {
    const grows = (rss: number, account: number) =>
      missed(judgeCounts('a', figures(phase([sample(0), sample(5, { rss, account }), sample(10)]))));
    expect(grows(164, 10)).toEqual([]);
    expect(grows(165, 10)).toEqual(['a: growth of RSS beyond the account']);
    expect(grows(1000, 846)).toEqual([]);
    expect(grows(1000, 845)).toEqual(['a: growth of RSS beyond the account']);
    // What was held before and is let go of meanwhile is no growth.
    expect(grows(164, 0)).toEqual([]);
  });

  it('count events and log lines by the second', () => {
    const counts = (events: number, lines: number, attack = {}) =>
      missed(
        judgeCounts('a', figures(phase([sample(0), sample(1), sample(2), sample(12, { events, lines })]), attack)),
      );
    const burst = FAULT_LINES.burst + PLAY_LINES.burst;
    expect(counts(500, burst)).toEqual([]);
    expect(counts(501, burst)).toEqual(['a: events']);
    // The bursts that one address may cause, wherever they fall, then one a second; more for attacks that begin
    // streams.
    expect(counts(500, burst + 10)).toEqual([]);
    expect(counts(500, burst + 11)).toEqual(['a: log lines']);
    const more = burst + STREAM_LINES.burst;
    expect(counts(500, more + 10, { beginsStreams: true })).toEqual([]);
    expect(counts(500, more + 11, { beginsStreams: true })).toEqual(['a: log lines']);
  });

  it('leave out the bursts of the first two seconds', () => {
    const burst = { events: 1000, lines: 100 };
    const under = figures(phase([sample(0), sample(1, burst), sample(2, burst), sample(12, burst)]));
    expect(missed(judgeCounts('a', under))).toEqual([]);
  });

  it('miss when a good player is lost, or nobody measured a delay', () => {
    const samples = [sample(0), sample(10)];
    expect(missed(judgeAttack('a', calm, figures(phase(samples, [5], 1))))).toEqual(['a: good players lost']);
    expect(missed(judgeAttack('a', calm, figures(phase(samples, []))))).toEqual([
      'a: p99 of the good players, calm 5 ms,',
    ]);
  });

  it('allow one and a half times the calm delay and 20 ms', () => {
    const delayed = (ms: number) =>
      missed(judgeAttack('a', calm, figures(phase([sample(0), sample(10)], [5, ms, ms]))));
    expect(delayed(27.5)).toEqual([]);
    expect(delayed(27.7)).toEqual(['a: p99 of the good players, calm 5 ms,']);
  });

  it('allow turns of 20 ms, and say so when the calm server had long ones, too', () => {
    const turns = (before: number, under: number) => {
      const quiet = calmFigures(phase([sample(0, { turn: 300 }), sample(12, { turn: before })]));
      return missed(judgeAttack('a', quiet, figures(phase([sample(0), sample(10, { turn: under })]))));
    };
    expect(turns(3, 20)).toEqual([]);
    expect(turns(3, 21)).toEqual(['a: longest turn of the loop']);
    expect(turns(40, 60)).toEqual([]);
    expect(turns(40, 61)).toEqual(['a: longest turn of the loop on a machine that is not quiet (calm 40 ms)']);
  });
});

describe('the verdicts of all attacks', () => {
  it('at once allow a tenth of the account and 64 MB', () => {
    const grows = (rss: number) =>
      missed(judgeTogether(figures(phase([sample(0), sample(60, { rss, account: 1010 })]))));
    expect(grows(100 + 1100 + 64)).toEqual([]);
    expect(grows(100 + 1100 + 65)).toEqual(['all at once: growth of RSS beyond 1.1 × the account']);
  });

  it('in turn compare the last round with the second, and want three rounds', () => {
    const round = (rss: number) => [sample(0, { rss }), sample(1, { rss })];
    expect(missed(judgeFlat([round(100), round(210), round(241)]))).toEqual([]);
    expect(missed(judgeFlat([round(100), round(210), round(250)]))).toHaveLength(1);
    expect(missed(judgeFlat([round(100), round(100)]))).toHaveLength(1);
  });
});
