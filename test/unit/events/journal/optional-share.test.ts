import { describe, expect, it } from 'vitest';
import { OptionalShare } from '../../../../src/events/journal/optional-share.js';

const MIB = 2 ** 20;
const HOUR_MS = 3_600_000;

describe('the part of the journal that optional events may take', () => {
  it('is half of the space for what waits, with a bus', () => {
    const share = new OptionalShare({ bus: true, maxBytes: 4 * MIB, historyBytes: MIB });
    expect([0, 2 * MIB, 2 * MIB + 1].map((held) => share.admits(held, 0))).toEqual([true, true, false]);
  });

  it('is a quarter of the history at once and another an hour, without a bus', () => {
    const share = new OptionalShare({ bus: false, maxBytes: 4 * MIB, historyBytes: MIB });
    const taken = (nowMs: number): number => {
      let count = 0;
      while (share.admits(0, nowMs)) count++;
      return count;
    };
    expect(taken(0)).toBe(256);
    expect(taken(HOUR_MS / 4 + 1)).toBe(64);
    expect(taken(100 * HOUR_MS)).toBe(256);
  });
});
