/** What became of a claim of a name. */
export const CLAIM_OUTCOMES = ['won', 'busy', 'local', 'registry_down', 'withdrawn', 'role'] as const;

export type ClaimOutcome = (typeof CLAIM_OUTCOMES)[number];

/** Upper bounds of how long claims took, in ms. */
export const CLAIM_BUCKETS_MS = [1, 2, 5, 10, 25, 100, 500, 1000, 3000, 8000] as const;

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
