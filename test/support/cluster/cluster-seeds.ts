import { FULL, SEED } from '../faults/scale.js';

const LONG_FORM = 50;

/**
 * The seeds that each case of a cluster is run with: one in the short form, fifty in the long one, or as many as
 * `CLUSTER_SEEDS` says; from {@link SEED} on.
 */
export function clusterSeeds(): number[] {
  const count = Number(process.env['CLUSTER_SEEDS'] ?? (FULL ? LONG_FORM : 1));
  return Array.from({ length: count }, (_, index) => SEED + index);
}
