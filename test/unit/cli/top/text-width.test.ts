import { describe, expect, it } from 'vitest';
import { inColumns, textWidth } from '../../../../src/cli/top/text-width.js';

describe('the width of a text', () => {
  it.each([
    ['cam1', 4],
    ['grün', 4],
    ['gru\u0308n', 4],
    ['カメラ', 6],
    ['한국', 4],
    ['📹x', 3],
    ['a\u200bb', 2],
    ['', 0],
  ])('of %j is %i columns', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});

describe('a text in a cell', () => {
  it.each([
    ['cam1', 6, false, 'cam1  '],
    ['12', 4, true, '  12'],
    ['camera1', 5, false, 'came…'],
    ['カメラ', 5, false, 'カメ…'],
    ['カメラ', 4, false, 'カ… '],
    ['カメラ', 8, true, '  カメラ'],
    ['abc', 0, false, ''],
    ['abc', 1, false, '…'],
  ])('%j in %i columns', (text, columns, isRight, cell) => {
    expect(inColumns(text, columns, isRight)).toBe(cell);
    expect(textWidth(inColumns(text, columns, isRight))).toBe(columns);
  });
});
