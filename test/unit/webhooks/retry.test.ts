import { expect, it } from 'vitest';
import { retryDelayMs } from '../../../src/webhooks/retry.js';

it('waits from one second to five minutes between attempts, doubled each time, with a fifth of jitter', () => {
  expect([0, 1, 2, 3, 8, 9, 50].map((tries) => retryDelayMs(tries, 0.5))).toEqual([
    1000, 2000, 4000, 8000, 256_000, 300_000, 300_000,
  ]);
  expect([retryDelayMs(0, 0), retryDelayMs(0, 1)]).toEqual([800, 1200]);
  expect([retryDelayMs(20, 0), retryDelayMs(20, 1)]).toEqual([240_000, 300_000]);
});
