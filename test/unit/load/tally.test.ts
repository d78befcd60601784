import { describe, expect, it } from 'vitest';
import { Tally } from '../../../src/load/tally.js';

describe('the tally', () => {
  it('counts a window, and who is stalled for two reports on end', () => {
    const tally = new Tally(3);
    tally.ready.fill(1);
    tally.bytes.set([100, 100, 0]);
    tally.second(() => false);
    tally.beginWindow();
    tally.bytes.set([300, 150, 0]);
    expect(tally.second(() => false)).toEqual({ bytes: 250, stalled: 0 });
    tally.bytes[0] = 400;
    expect(tally.second(() => false)).toEqual({ bytes: 100, stalled: 1 });
    expect(tally.second((index) => index === 0)).toEqual({ bytes: 0, stalled: 2 });
    expect(tally.window()).toEqual({ bytes: 350, min: 0, median: 50, max: 300 });
    expect([...tally.stalledEver]).toEqual([0, 1, 1]);
  });

  it('takes no delay from frames sent before the window', () => {
    const tally = new Tally(1);
    const early = process.hrtime.bigint();
    tally.stamp(early);
    tally.beginWindow();
    tally.stamp(early);
    expect(tally.delay).toBeUndefined();
    tally.stamp(process.hrtime.bigint());
    expect(tally.delay?.samples).toBe(1);
  });
});
