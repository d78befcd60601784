import { expect } from 'vitest';
import { readStored, violations } from './checker.js';
import type { LedgerLine, NodeUnderTest } from './node-under-test.js';
import { SEED } from './scale.js';

/**
 * Longest time a node's main thread may stand still beyond its control thread, milliseconds: a wait for a broker on it
 * would last as long as the fault. Waiting for a core of a busy machine is not counted.
 */
const MOST_STILL_MS = 3000;

/**
 * The workload ends, everything arrives, the contract holds, and the counters agree with what is stored.
 *
 * @param pushedOut how many stored events the server itself has removed again
 * @returns the counters at the end
 */
export async function holds(
  node: NodeUnderTest,
  url: string,
  pushedOut: () => Promise<number> = async () => 0,
): Promise<LedgerLine> {
  const counters = await node.settle();
  const stored = await readStored(url);
  expect(violations(stored, [node.ledger]), `seed ${SEED}`).toEqual([]);
  expect(stored.length).toBe((counters['emitted'] as number) - (await pushedOut()));
  expect(counters).toMatchObject({ dropped: 0, quarantined: 0, superseded: 0, pending: 0, busState: 'ready' });
  const beyond = (counters['stillMs'] as number) - (counters['controlStillMs'] as number);
  expect(beyond, 'media must not stand still').toBeLessThan(MOST_STILL_MS);
  return counters;
}
