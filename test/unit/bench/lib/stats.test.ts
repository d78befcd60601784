import { describe, expect, it } from 'vitest';
import { format, pairedRatios, quantile, summarise } from '../../../../bench/lib/stats.js';

describe('statistics of a bench', () => {
  it('takes the median, not the mean', () => {
    expect(summarise([1, 100, 2])).toEqual({ median: 2, min: 1, max: 100, rounds: 3 });
  });

  it('interpolates quantiles between ranks', () => {
    expect(quantile([10, 20], 0.5)).toBe(15);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('divides round by round, so that drift of the machine cancels', () => {
    expect(pairedRatios([1, 2, 4], [2, 4, 8])).toEqual({ median: 0.5, min: 0.5, max: 0.5, rounds: 3 });
  });

  it('writes three significant digits', () => {
    expect([0.123, 12.34, 123.4, 12345, Number.NaN].map(format)).toEqual(['0.12', '12.3', '123', '12,345', '–']);
  });
});
