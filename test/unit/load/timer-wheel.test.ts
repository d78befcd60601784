import { describe, expect, it } from 'vitest';
import { type Timed, TimerWheel } from '../../../src/load/timer-wheel.js';

describe('the timer wheel', () => {
  const recorder = (calls: number[], next: (now: number) => number | undefined = () => undefined): Timed => ({
    due: (now) => {
      calls.push(now);
      return next(now);
    },
  });

  it('calls what is due, once, in the tick it falls into', () => {
    const wheel = new TimerWheel(5, 0);
    const calls: number[] = [];
    wheel.add(recorder(calls), 12);
    for (const now of [0, 5, 10, 15, 20]) wheel.advance(now);
    expect(calls).toEqual([15]);
  });

  it('calls at the times asked for', () => {
    const wheel = new TimerWheel(5, 0);
    const calls: number[] = [];
    wheel.add(
      recorder(calls, (now) => now + 20),
      0,
    );
    for (let now = 0; now <= 100; now += 5) wheel.advance(now);
    expect(calls).toEqual([0, 20, 40, 60, 80, 100]);
  });

  it('reaches further than one turn', () => {
    const wheel = new TimerWheel(1, 0);
    const calls: number[] = [];
    wheel.add(recorder(calls), 2000);
    for (let now = 0; now <= 2100; now++) wheel.advance(now);
    expect(calls).toEqual([2000]);
  });

  it('forgets nothing when ticks were missed', () => {
    const wheel = new TimerWheel(5, 0);
    const calls: number[] = [];
    for (const at of [7, 300, 2000, 40_000]) wheel.add(recorder(calls), at);
    wheel.advance(100_000);
    expect(calls).toEqual([100_000, 100_000, 100_000, 100_000]);
  });
});
