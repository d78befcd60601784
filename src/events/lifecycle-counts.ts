/** What a lifecycle counts. */
export interface LifecycleCounts {
  emitted: number;
  dropped: number;
  /** Optional events left out so that the journal keeps room for starts and for its history. */
  withheld: number;
  refusedStarts: number;
  suppressedRejections: number;
}
