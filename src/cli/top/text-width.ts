/** Code points that a terminal shows two columns wide, as pairs of first and last (Unicode UAX #11, wide and full). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];
/** What stands on or behind another character and takes no column of its own. */
const NO_COLUMN = /[\p{Mn}\p{Me}\p{Cf}]/u;
const MARK = '…';

/** Columns that a text takes in a terminal. The text has no control characters. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/**
 * A text in exactly so many columns: cut with `…`, or filled up.
 *
 * @param isRight whether a shorter text stands at the right
 */
export function inColumns(text: string, columns: number, isRight = false): string {
  const width = textWidth(text);
  if (width > columns) return cut(text, columns);
  const gap = ' '.repeat(columns - width);
  return isRight ? gap + text : text + gap;
}

function cut(text: string, columns: number): string {
  let width = 0;
  let kept = '';
  for (const character of text) {
    const next = width + characterWidth(character);
    if (next > columns - 1) break;
    width = next;
    kept += character;
  }
  return columns === 0 ? '' : kept + MARK + ' '.repeat(columns - 1 - width);
}

function characterWidth(character: string): number {
  const point = character.codePointAt(0)!;
  if (point < 0x300) return 1;
  if (NO_COLUMN.test(character)) return 0;
  return WIDE.some(([first, last]) => point >= first && point <= last) ? 2 : 1;
}
