import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { learnTime, serverNow } from '../../../src/page/clock.js';

const NOW = Date.parse('2026-11-27T08:00:00.400Z');
const told = (ms: number) => new Date(NOW + ms).toUTCString();

describe('the time of the server', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
  });
  afterEach(() => {
    learnTime(told(0));
    vi.useRealTimers();
  });

  it('is that of the browser while the two are about the same, and what is no date tells nothing', () => {
    for (const date of [told(0), told(1000), told(-2000), null, 'soon']) {
      learnTime(date);
      expect(serverNow()).toBe(NOW);
    }
  });

  it('is told by its answers when the browser is wrong, and does not follow each of their seconds', () => {
    learnTime(told(-300_000));
    const first = serverNow();
    expect(Math.abs(first - (NOW - 300_000))).toBeLessThan(1000);
    learnTime(told(-299_000));
    expect(serverNow()).toBe(first);
    learnTime(told(0));
    expect(serverNow()).toBe(NOW);
  });
});
