import { afterEach, describe, expect, it, vi } from 'vitest';
import { RunTicker } from '../../../../src/jobs/run/run-ticker.js';
import { ManualClock } from '../../../support/events-parts.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('RunTicker', () => {
  it('has one timer for all, and none when there is nothing to tick', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const clock = new ManualClock();
    const ticker = new RunTicker(clock);
    const told: string[] = [];
    const [a, b] = ['a', 'b'].map((name) => ({ tick: (nowMs: number) => told.push(`${name} ${nowMs}`) }));
    expect(vi.getTimerCount()).toBe(0);
    ticker.add(a!);
    ticker.add(b!);
    ticker.add(b!);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(250);
    ticker.delete(a!);
    clock.pass(250);
    vi.advanceTimersByTime(250);
    ticker.delete(b!);
    expect(vi.getTimerCount()).toBe(0);
    expect(told).toEqual(['a 1000', 'b 1000', 'b 1250']);
    ticker.add(a!);
    vi.advanceTimersByTime(250);
    expect(told).toHaveLength(4);
    ticker.delete(a!);
  });
});
