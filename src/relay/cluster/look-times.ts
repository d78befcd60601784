import type { RelaySnapshot } from '../../model/relay-snapshot.js';

/**
 * How often the registry is asked about a name, in ms: seldom while it is here, because its owner and the news tell of
 * changes, and only news can be lost; often while its players are held.
 */
export const LOOK_MS = { waiting: 5000, connecting: 5000, running: 60_000, lost: 1000 } as const;
/** By how much that varies, so that the questions of many names are spread. */
const SPREAD = 0.2;

/** When to ask again. @param random from 0 to 1 @returns ms from now */
export function lookAfterMs(state: RelaySnapshot['state'], random: number): number {
  return LOOK_MS[state] * (1 - SPREAD + 2 * SPREAD * random);
}
