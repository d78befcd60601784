import { describe, expect, it } from 'vitest';
import { within } from '../../../src/core/within.js';

describe('waiting for work that may hang', () => {
  it('tells whether it was done in time', async () => {
    expect(await within(Promise.resolve(5), 60_000)).toBe(true);
    expect(await within(undefined, 60_000)).toBe(true);
    expect(await within(new Promise(() => {}), 1)).toBe(false);
  });

  it('passes a failure on that comes in time, and none that comes later', async () => {
    await expect(within(Promise.reject(new Error('early')), 60_000)).rejects.toThrow('early');
    let fail = (_error: Error): void => {};
    const work = new Promise((_resolve, reject) => {
      fail = reject;
    });
    expect(await within(work, 1)).toBe(false);
    fail(new Error('late'));
    await expect(work).rejects.toThrow('late');
  });
});
