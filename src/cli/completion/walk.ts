import type { Flag, Place } from './places.js';

/** Patterns of a `case` over `PLACE WORD` for each command that can stand there: `" serve"|"/config get"`. */
export function commandPatterns(places: readonly Place[]): string {
  return places.flatMap(({ path, commands }) => commands.map(({ name }) => `"${path} ${name}"`)).join('|');
}

/** The same for each flag whose value is the next word. */
export function valuePatterns(places: readonly Place[]): string {
  return valueFlags(places)
    .map(({ pattern }) => pattern)
    .join('|');
}

/** The flags that have a value, each with its pattern. */
export function valueFlags(places: readonly Place[]): { readonly pattern: string; readonly flag: Flag }[] {
  return places.flatMap(({ path, flags }) =>
    flags
      .filter(({ value }) => value !== undefined)
      .map((flag) => ({ pattern: flag.names.map((name) => `"${path} ${name}"`).join('|'), flag })),
  );
}

/** Joins lines that are the same but for their pattern, so that a script stays short. */
export function grouped(rows: readonly { readonly pattern: string; readonly line: string }[]): [string, string][] {
  const byLine = new Map<string, string[]>();
  for (const { pattern, line } of rows) byLine.set(line, [...(byLine.get(line) ?? []), pattern]);
  return [...byLine].map(([line, patterns]) => [patterns.join('|'), line]);
}
