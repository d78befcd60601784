import { describe, expect, it } from 'vitest';
import { Histogram } from '../../../src/load/histogram.js';

describe('the histogram', () => {
  it('tells quantiles within 1.6 % and the maximum exactly', () => {
    const h = new Histogram();
    for (let i = 1; i <= 10_000; i++) h.record(i);
    expect(h.count).toBe(10_000);
    expect(h.max).toBe(10_000);
    for (const share of [0.01, 0.5, 0.9, 0.99, 1]) {
      expect(Math.abs(h.quantile(share) / (share * 10_000) - 1)).toBeLessThan(0.016);
    }
  });

  it('tells 0 when empty', () => {
    expect(new Histogram().quantile(0.5)).toBe(0);
  });
});
