import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RunningClock } from '../../../src/core/running-clock.js';
import { type Tick, Ticker } from '../../../src/server/ticker.js';
import { ManualClock, RecordingLog } from '../../support/events-parts.js';

describe('the ticker', () => {
  const clock = new ManualClock();
  let log = new RecordingLog();
  let ticker: Ticker | undefined;

  function start(tick: Tick): void {
    ticker = new Ticker(new RunningClock(clock), log, tick);
  }

  /** Lets timers and clock pass by a quarter of a second, `times` times. */
  function pass(times: number): void {
    for (let i = 0; i < times; i++) {
      clock.pass(250);
      vi.advanceTimersByTime(250);
    }
  }

  beforeEach(() => {
    vi.useFakeTimers();
    log = new RecordingLog();
  });

  afterEach(() => {
    ticker?.stop();
    vi.useRealTimers();
  });

  it('calls four times a second, and once a second for every connection', () => {
    const all: boolean[] = [];
    start((_, every) => all.push(every));
    pass(8);
    expect(all).toEqual([false, false, false, true, false, false, false, true]);
  });

  it('leaves out the tick after a time in which the process could not run', () => {
    const times: number[] = [];
    start((nowMs) => times.push(nowMs));
    pass(2);
    clock.pass(30_000);
    vi.advanceTimersByTime(250);
    expect(times).toHaveLength(2);
    expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
    pass(1);
    expect(times[2]! - times[1]!).toBeLessThan(1000);
  });

  it('goes on after a defect, which is logged', () => {
    let calls = 0;
    start(() => {
      calls++;
      if (calls === 1) throw new Error('broken');
    });
    pass(2);
    expect(calls).toBe(2);
    expect(log.lines.map(({ level }) => level)).toEqual(['error']);
  });
});
