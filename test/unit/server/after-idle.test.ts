import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { afterIdle } from '../../../src/server/after-idle.js';

describe('what is kept for the next who ask', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is let go of a minute after the last question, each time, with no timer before and behind', () => {
    const release = vi.fn();
    const asked = afterIdle(release);
    expect(vi.getTimerCount()).toBe(0);
    for (const times of [1, 2]) {
      asked();
      vi.advanceTimersByTime(59_999);
      asked();
      vi.advanceTimersByTime(59_999);
      expect(release).toHaveBeenCalledTimes(times - 1);
      vi.advanceTimersByTime(1);
      expect(release).toHaveBeenCalledTimes(times);
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});
