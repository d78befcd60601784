/** Waits before the second, third … attempt: doubled from one to the next, up to the longest. */
const FIRST_MS = 1000;
const LONGEST_MS = 5 * 60_000;

/**
 * How long to wait after a failed attempt: 1 s, 2 s, 4 s … 5 min, each 20 % shorter or longer, so that many streams do
 * not come back at one time.
 *
 * @param tries failed attempts before this one
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function retryDelayMs(tries: number, random: number): number {
  const mean = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries, 30));
  return Math.round(Math.min(LONGEST_MS, mean * (0.8 + 0.4 * random)));
}
