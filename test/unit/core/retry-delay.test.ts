import { expect, it } from 'vitest';
import { retryDelayMs } from '../../../src/core/retry-delay.js';

const BOUNDS = [1000, 300_000] as const;

it('is doubled with each failure up to the longest, with a fifth of jitter', () => {
  expect([0, 1, 2, 3, 4, 9, 10, 51].map((failures) => retryDelayMs(failures, BOUNDS, 0.5))).toEqual([
    1000, 1000, 2000, 4000, 8000, 256_000, 300_000, 300_000,
  ]);
  expect([retryDelayMs(1, BOUNDS, 0), retryDelayMs(1, BOUNDS, 1)]).toEqual([800, 1200]);
  expect([retryDelayMs(21, BOUNDS, 0), retryDelayMs(21, BOUNDS, 1)]).toEqual([240_000, 300_000]);
});
