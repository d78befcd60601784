/** Milliseconds of each unit that a duration may be written in. */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a duration such as `500ms`, `90s`, `5m`, `1.5h` or `2d`, for settings, flags and HTTP queries alike.
 *
 * @param bareUnit unit of a number without one; if it is left out, such a number is no duration
 * @returns milliseconds, or `undefined` when `text` is no duration
 */
export function parseDuration(text: string, bareUnit?: 'ms' | 's'): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,3})?)\s*([a-z]*)$/.exec(text.trim());
  const unit = match === null ? undefined : UNITS[match[2] === '' ? (bareUnit ?? '') : match[2]!];
  return unit === undefined ? undefined : Math.round(Number(match![1]) * unit);
}
