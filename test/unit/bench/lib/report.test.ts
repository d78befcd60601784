import { describe, expect, it } from 'vitest';
import { table } from '../../../../bench/lib/report.js';

describe('the report of a bench', () => {
  it('aligns tables', () => {
    expect(
      table([
        ['a', 'bb'],
        ['ccc', 'd'],
      ]),
    ).toBe('a    bb\n───  ──\nccc   d');
  });
});
