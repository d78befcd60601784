import { FULL, SEED, scaled } from '../faults/scale.js';

const LONG_FORM = 50;

/**
 * The seeds that each case of a cluster is run with: one in the short form, fifty in the long one, or as many as
 * `CLUSTER_SEEDS` says; from {@link SEED} on.
 */
export function clusterSeeds(): number[] {
  const count = Number(process.env['CLUSTER_SEEDS'] ?? (FULL ? LONG_FORM : 1));
  return Array.from({ length: count }, (_, index) => SEED + index);
}

/** The longest time that a case may take, ms: in the long form its faults alone last minutes. */
export const CASE_MS = scaled(180_000, 600_000);
