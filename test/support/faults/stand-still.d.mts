/**
 * The longest time from one tick of 20 ms to the next beyond the tick's own, without what the thread waited for a core.
 */
export class StandStill {
  readonly worstMs: number;
  constructor(nowMs: number, waitedMs: number);
  tick(nowMs: number, waitedMs: number): void;
}

/**
 * Watches this thread and a control thread that does nothing else.
 *
 * @param excusedMs how long this thread has waited so far for the one who tests it
 */
export function watchStandStill(excusedMs?: () => number): {
  /** The worst times of both so far, milliseconds. */
  worst(): { stillMs: number; controlStillMs: number };
  stop(): Promise<void>;
};
