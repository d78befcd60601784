/** Columns of a character, without the gap behind it. */
export const GLYPH_COLUMNS = 3;
/** Rows of a character. */
export const GLYPH_ROWS = 5;

const GLYPHS: Readonly<Record<string, string>> = {
  0: '### # # # # # # ###',
  1: ' #  ##   #   #  ###',
  2: '###   # ### #   ###',
  3: '###   # ###   # ###',
  4: '# # # # ###   #   #',
  5: '### #   ###   # ###',
  6: '### #   ### # # ###',
  7: '###   #   #   #   #',
  8: '### # # ### # # ###',
  9: '### # # ###   # ###',
  ':': '     #       #     ',
};

/**
 * Whether a cell of a character is lit.
 *
 * @param character a digit or a colon; others are dark
 */
export function isLit(character: string, column: number, row: number): boolean {
  return GLYPHS[character]?.[row * (GLYPH_COLUMNS + 1) + column] === '#';
}
