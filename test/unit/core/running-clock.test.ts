import { describe, expect, it } from 'vitest';
import { RunningClock } from '../../../src/core/running-clock.js';

function stage() {
  let nowMs = 5000;
  const clock = new RunningClock({ wallMs: () => 77, monotonicMs: () => nowMs });
  return {
    clock,
    later: (ms: number): number => {
      nowMs += ms;
      return clock.monotonicMs();
    },
  };
}

describe('the clock of running time', () => {
  it('goes with the real one while it is looked at often', () => {
    const { clock, later } = stage();
    expect([later(0), later(250), later(1000), later(1)]).toEqual([5000, 5250, 6250, 6251]);
    expect(clock.takeLostMs()).toBe(0);
    expect(clock.wallMs()).toBe(77);
  });

  it('stands still over a stretch in which the process could not run, and goes on after it', () => {
    const { later } = stage();
    later(250);
    expect(later(30_000)).toBe(5250);
    expect(later(250)).toBe(5500);
    expect(later(12_000)).toBe(5500);
    expect(later(10)).toBe(5510);
  });

  it('tells once how long the process could not run', () => {
    const { clock, later } = stage();
    later(1001);
    later(30_000);
    expect(clock.takeLostMs()).toBe(31_001);
    expect(clock.takeLostMs()).toBe(0);
  });
});
