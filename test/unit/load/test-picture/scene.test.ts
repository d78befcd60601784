import { describe, expect, it } from 'vitest';
import { Scene } from '../../../../src/load/test-picture/scene.js';

const GRID = { columns: 40, rows: 23 };
const LIT = new Set([0xeb8080, 0xb4409a]);

/** Rows of a picture with lit macroblocks as `#`. */
function rows(frame: number, clock: string, { columns, rows: count } = GRID): string[] {
  const blocks = new Scene({ columns, rows: count }).draw({ frame, clock });
  return Array.from({ length: count }, (_, row) =>
    [...blocks.subarray(row * columns, (row + 1) * columns)]
      .map((colour) => (LIT.has(colour) ? '#' : ' '))
      .join('')
      .trimEnd(),
  );
}

describe('the test picture', () => {
  it('shows the time and the number of the frame', () => {
    expect(rows(123_456, '12:34:56').slice(6, 18)).toEqual([
      '     #  ###     ### # #     ### ###',
      '    ##    #  #    # # #  #  #   #',
      '     #  ###     ### ###     ### ###',
      '     #  #    #    #   #  #    # # #',
      '    ### ###     ###   #     ### ###',
      '',
      '         #  ### ### # # ### ###',
      '        ##    #   # # # #   #',
      '         #  ### ### ### ### ###',
      '         #  #     #   #   # # #',
      '        ### ### ###   # ### ###',
      '',
    ]);
  });

  it('moves its bar on by one macroblock with each frame, round and round', () => {
    const bar = (frame: number): number => rows(frame, '00:00:00').at(-1)!.indexOf('#');
    expect([0, 1, 39, 40, 41].map(bar)).toEqual([0, 1, 39, 0, 1]);
  });

  it('writes larger where there is room, and only what fits where there is little', () => {
    expect(rows(0, '88:88:88', { columns: 80, rows: 45 })[12]).toBe(rows(0, '88:88:88', { columns: 80, rows: 45 })[13]);
    expect(rows(0, '88:88:88', { columns: 10, rows: 10 }).every((row) => row.length <= 10)).toBe(true);
  });
});
