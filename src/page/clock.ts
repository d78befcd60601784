/** How far the clocks of this browser and of the server may be apart before it counts, in ms: answers tell seconds. */
const TOLERATED_MS = 2000;

let aheadMs = 0;

/** Learns the time of the server. @param date of an answer that was just made, as its header tells it */
export function learnTime(date: string | null): void {
  // It is cut off to whole seconds.
  const ms = Date.parse(date ?? '') + 500 - Date.now();
  if (Math.abs(ms - aheadMs) > TOLERATED_MS) aheadMs = Math.abs(ms) > TOLERATED_MS ? ms : 0;
}

/**
 * What time it is at the server, in ms since the epoch: ages are told by the clock that their beginnings were told by,
 * however wrong the one of the browser is.
 */
export function serverNow(): number {
  return Date.now() + aheadMs;
}
