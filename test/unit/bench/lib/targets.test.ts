import { describe, expect, it } from 'vitest';
import { verdicts } from '../../../../bench/lib/report.js';
import { atLeast, atMost } from '../../../../bench/lib/targets.js';

describe('a target', () => {
  it('keeps its value when it is missed, and fails when it could not be measured', () => {
    expect(atMost('x', 0.6, 0.5)).toEqual({ target: 'x ≤ 0.5 ×', value: 0.6, limit: 0.5, unit: '×', pass: false });
    expect(atLeast('x', 4, 4).pass).toBe(true);
    expect(atMost('x', Number.NaN, 1).pass).toBe(false);
    expect(verdicts([atMost('x', 0.6, 0.5)], false)).toContain('MISS  x ≤ 0.5 ×   measured 0.60 ×');
  });
});
