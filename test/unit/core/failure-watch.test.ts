import { describe, expect, it } from 'vitest';
import { FailureWatch } from '../../../src/core/failure-watch.js';

describe('the watch for guessed keys', () => {
  it('counts different keys of one address within a minute, each once', () => {
    const watch = new FailureWatch(100);
    const failed = (key: string, nowMs = 0, address = '192.0.2.7') => watch.failed(address, key, nowMs, 3);
    expect([failed('a'), failed('a'), failed('b'), failed('c', 0, '192.0.2.8')]).toEqual([false, false, false, false]);
    expect(failed('c')).toBe(true);
    expect(failed('d')).toBe(false);
    expect([failed('e', 60_000), failed('f', 60_000), failed('g', 60_000)]).toEqual([false, false, true]);
  });

  it('leaves requests without a key, and a limit of 0 alone', () => {
    const watch = new FailureWatch(100);
    expect(watch.failed('192.0.2.7', undefined, 0, 1)).toBe(false);
    expect(watch.failed('192.0.2.7', 'a', 0, 0)).toBe(false);
    expect(watch.failed('192.0.2.7', 'a', 0, 1)).toBe(true);
  });

  it('forgets the address that failed first when there are too many', () => {
    const watch = new FailureWatch(2);
    const failed = (address: string, key: string) => watch.failed(address, key, 0, 2);
    for (const address of ['a', 'b', 'c']) failed(address, 'k1');
    expect([failed('b', 'k2'), failed('c', 'k2'), failed('a', 'k2')]).toEqual([true, true, false]);
  });
});
