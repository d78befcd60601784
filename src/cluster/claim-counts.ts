import { CLUSTER_METRICS } from '../model/metrics-cluster.js';

/** What became of a claim of a name. */
export const CLAIM_OUTCOMES = ['won', 'busy', 'local', 'registry_down', 'withdrawn', 'role'] as const;

export type ClaimOutcome = (typeof CLAIM_OUTCOMES)[number];

/** Upper bounds of how long claims took, in ms: those of the metric. */
const CLAIM_BUCKETS_MS = CLUSTER_METRICS.sluice_cluster_claim_seconds.bounds.map((seconds) => seconds * 1000);

/** Counts claims of names, and how long they took. */
export class ClaimCounts {
  readonly by = new Map<ClaimOutcome, number>();
  /** Claims that took at most as long as each bound; the last one counts all. */
  readonly buckets: number[] = Array.from({ length: CLAIM_BUCKETS_MS.length + 1 }, () => 0);
  sumMs = 0;

  count(outcome: ClaimOutcome, ms: number): void {
    this.by.set(outcome, (this.by.get(outcome) ?? 0) + 1);
    this.sumMs += ms;
    for (let i = 0; i < this.buckets.length; i++)
      if (ms <= (CLAIM_BUCKETS_MS[i] ?? Number.POSITIVE_INFINITY)) this.buckets[i]++;
  }
}
