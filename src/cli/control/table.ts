import { cleanText } from '../../core/log-fields.js';
import type { Io } from '../io.js';

/** A column: what stands above it, and what of an item it shows. */
export interface Column<T> {
  readonly title: string;
  readonly show: (item: T) => string;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
}

/** Longest text of a cell, in characters. */
const MOST_CELL = 64;

/**
 * A table for a terminal. Text of peers is cleaned.
 *
 * @param none what is said where there is nothing
 */
export function table<T>(items: readonly T[], columns: readonly Column<T>[], none: string, io: Io): string {
  if (items.length === 0) return `${none}\n`;
  const rows = items.map((item) => columns.map(({ show }) => clip(cleanText(show(item)))));
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (columns[i]?.isNumber === true ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  const head = line(columns.map(({ title }) => title));
  return `${[io.colour ? `\x1b[2m${head}\x1b[0m` : head, ...rows.map(line)].join('\n')}\n`;
}

function clip(text: string): string {
  return text.length <= MOST_CELL ? text : `${text.slice(0, MOST_CELL - 1)}…`;
}
