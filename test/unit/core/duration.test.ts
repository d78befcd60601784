import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../src/core/duration.js';

describe('a duration in words', () => {
  it('is read with each unit, and is none without a number and a unit', () => {
    expect(['500ms', '90s', '5m', '1.5h', '2d'].map((text) => parseDuration(text))).toEqual([
      500, 90_000, 300_000, 5_400_000, 172_800_000,
    ]);
    expect(['', '5', '-1s', '1w', 's', '1e3s', '1234567890123s'].map((text) => parseDuration(text))).toEqual(
      Array(7).fill(undefined),
    );
    expect([parseDuration('5', 's'), parseDuration('5', 'ms'), parseDuration('1.5 s', 'ms')]).toEqual([5000, 5, 1500]);
  });
});
