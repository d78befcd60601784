/**
 * How long to wait before the next attempt: doubled from one failure to the next, up to the longest, each 20 % shorter
 * or longer, so that many that failed together do not come back together.
 *
 * @param failures failed attempts in a row, from 1
 * @param bounds first and longest delay, in ms
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function retryDelayMs(failures: number, [first, longest]: readonly [number, number], random: number): number {
  const mean = Math.min(longest, first * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return Math.round(Math.min(longest, mean * (0.8 + 0.4 * random)));
}
