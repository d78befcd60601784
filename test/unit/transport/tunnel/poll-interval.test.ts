import { describe, expect, it } from 'vitest';
import { PollInterval } from '../../../../src/transport/tunnel/poll-interval.js';

describe('PollInterval', () => {
  it('is the shortest while data flows, and grows by a step after ten answers without any', () => {
    const interval = new PollInterval();
    const next = (count: number, hasData: boolean): number[] =>
      Array.from({ length: count }, () => interval.next(hasData));
    expect(next(3, true)).toEqual([1, 1, 1]);
    expect(next(9, false)).toEqual(Array(9).fill(1));
    for (const step of [0x03, 0x05, 0x09, 0x11]) expect(next(10, false)).toEqual(Array(10).fill(step));
    expect(next(200, false)).toEqual(Array(200).fill(0x21));
    expect(next(1, true)).toEqual([1]);
    expect(next(10, false)).toEqual([...Array(9).fill(1), 3]);
  });
});
