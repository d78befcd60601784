/** How far behind what has come a preview may be, in ms; past it, it jumps. */
const MOST_BEHIND_MS = 5000;
/** How far before the end of what has come it goes on then, in s: enough that it does not wait at once. */
const MARGIN_S = 1;

/**
 * Where a preview goes on that has fallen behind: a tab that slept, or a machine that was too slow.
 *
 * @param currentS where it is, in s @param newestS the end of what has come, in s
 * @returns a time in s; undefined: it is near enough
 */
export function jumpTo(currentS: number, newestS: number): number | undefined {
  return (newestS - currentS) * 1000 > MOST_BEHIND_MS ? newestS - MARGIN_S : undefined;
}
