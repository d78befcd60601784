import { describe, expect, it } from 'vitest';
import { NOTHING_CARRIED } from '../../../src/live/nothing.js';
import { StreamRates } from '../../../src/live/stream-rates.js';

function sample(atMs: number, newestTimestamp: number | undefined) {
  const facts = { streamId: 's', isHeld: false, counters: NOTHING_CARRIED, tracks: [] };
  const gop = { gopMs: undefined, openGopMs: undefined };
  return { kind: 'streamSampled', atMs, newestTimestamp, ...facts, ...gop } as const;
}

describe('the delay of a stream', () => {
  it('is how much later media comes than at the best, wherever its timestamps began', () => {
    const rates = new StreamRates(0);
    rates.measure(sample(1000, undefined));
    expect(rates.delayMs).toBeUndefined();
    const delays = [
      [2000, 7_001_000],
      [3000, 7_001_400],
      [4000, 7_003_050],
      [5000, 7_003_050],
    ].map(([atMs, newest]) => {
      rates.measure(sample(atMs!, newest));
      return rates.delayMs;
    });
    expect(delays).toEqual([0, 600, 0, 1000]);
  });

  it('begins anew when the publisher is back: its gap is none', () => {
    const rates = new StreamRates(0);
    rates.measure(sample(1000, 1000));
    rates.resumed();
    expect(rates.delayMs).toBeUndefined();
    rates.measure(sample(61_000, 1040));
    expect(rates.delayMs).toBe(0);
  });
});
