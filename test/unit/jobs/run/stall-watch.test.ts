import { describe, expect, it } from 'vitest';
import { StallWatch } from '../../../../src/jobs/run/stall-watch.js';

/** Looks every 250 ms. @returns the time at which it had stalled, or undefined when it had not until then */
function stalledAt(watch: StallWatch, fromMs: number, untilMs: number): number | undefined {
  for (let nowMs = fromMs; nowMs <= untilMs; nowMs += 250) if (watch.look(nowMs)) return nowMs;
  return undefined;
}

describe('StallWatch', () => {
  it('notices that there was no progress for as long as it may last', () => {
    expect(stalledAt(new StallWatch(5000, 0), 0, 10_000)).toBe(5000);
  });

  it('begins anew with progress', () => {
    const watch = new StallWatch(5000, 0);
    expect(stalledAt(watch, 0, 4000)).toBeUndefined();
    watch.grew(4000);
    expect(stalledAt(watch, 4250, 20_000)).toBe(9000);
  });

  it('does not count while progress is not expected, and begins anew when it is again', () => {
    const watch = new StallWatch(5000, 0);
    expect(stalledAt(watch, 0, 4000)).toBeUndefined();
    watch.expect(false, 4000);
    expect(stalledAt(watch, 4250, 60_000)).toBeUndefined();
    watch.expect(true, 60_000);
    expect(stalledAt(watch, 60_250, 70_000)).toBe(65_000);
  });

  it('does not begin anew when it is told again what it knows', () => {
    const watch = new StallWatch(5000, 0);
    stalledAt(watch, 0, 4000);
    watch.expect(true, 4000);
    expect(stalledAt(watch, 4250, 10_000)).toBe(5000);
  });

  it('counts a second at most of a time in which this process was frozen', () => {
    const watch = new StallWatch(5000, 0);
    expect(watch.look(60_000)).toBe(false);
    expect(watch.silentMs).toBe(1000);
  });

  it('never finds a stall without a limit', () => {
    const watch = new StallWatch(0, 0);
    expect(watch.isWatching).toBe(false);
    expect(stalledAt(watch, 0, 100_000)).toBeUndefined();
  });
});
