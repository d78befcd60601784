import { describe, expect, it } from 'vitest';
import { duration, size } from '../../../src/core/quantities.js';

describe('numbers for people', () => {
  it('are written as durations and sizes', () => {
    expect([0, 59_999, 60_000, 3_599_000, 3_600_000].map(duration)).toEqual([
      '0.0 s',
      '60.0 s',
      '1:00',
      '59:59',
      '1:00:00',
    ]);
    expect([0, 999, 1000, 1_500_000, 2e12, 5e15].map(size)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.5 MB',
      '2.0 TB',
      '5000.0 TB',
    ]);
  });
});
