import { describe, expect, it } from 'vitest';
import { table } from '../../../../src/cli/control/table.js';
import { TestIo } from '../../../support/cli/test-io.js';

const COLUMNS = [
  { title: 'NAME', show: ({ name }: { name: string; n: number }) => name },
  { title: 'N', show: ({ n }: { name: string; n: number }) => String(n), isNumber: true },
];

describe('a table', () => {
  it('is as wide as its widest cells, with numbers at the right', () => {
    const rows = [
      { name: 'a', n: 1000 },
      { name: 'long name', n: 5 },
    ];
    expect(table(rows, COLUMNS, 'none', new TestIo())).toBe(
      ['NAME          N', 'a          1000', 'long name     5', ''].join('\n'),
    );
  });

  it('says it in words when there is nothing', () => {
    expect(table([], COLUMNS, 'nobody plays', new TestIo())).toBe('nobody plays\n');
  });

  it('cuts long cells off, and shows its head dim where there are colours', () => {
    const text = table([{ name: 'x'.repeat(100), n: 1 }], COLUMNS, 'none', new TestIo({ colour: true }));
    expect(text).toContain(`${'x'.repeat(63)}…`);
    expect(text.startsWith('\u001b[2mNAME')).toBe(true);
  });
});
