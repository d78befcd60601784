import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How often each monitor looks at the clock. A turn may be longer than what is reported by this much. */
const RESOLUTION_MS = 5;
/** One of the two monitors starts anew this often, so that a reading covers the last 5 to 10 seconds. */
const RENEW_MS = 5_000;

/** What {@link LoopTurns} needs of a monitor of the event loop; times in nanoseconds. */
export type LoopMonitor = Pick<IntervalHistogram, 'enable' | 'disable' | 'reset' | 'max' | 'count'>;

/**
 * The longest turn of the event loop of late. Media, HTTP and deadlines all wait for the turn that runs, so this is the longest that
 * any client was held up by the work of another.
 *
 * There are two monitors because one that starts anew forgets the turn it is in: the other still has it.
 */
export class LoopTurns {
  readonly #monitors: readonly LoopMonitor[];
  #next = 0;
  #renewedMs: number | undefined;

  /** @param create makes a monitor that looks every `resolutionMs`; tests pass their own */
  constructor(create: (resolutionMs: number) => LoopMonitor = (resolution) => monitorEventLoopDelay({ resolution })) {
    this.#monitors = [create(RESOLUTION_MS), create(RESOLUTION_MS)];
    for (const monitor of this.#monitors) monitor.enable();
  }

  /** Longest turn within the last 5 to 10 seconds, in seconds; 0 before the first look. */
  get longestSeconds(): number {
    // A monitor counts from one look to the next: the time between two looks is no turn.
    const longest = Math.max(...this.#monitors.map((m) => (m.count > 0 ? m.max / 1e6 - RESOLUTION_MS : 0)));
    return Math.max(0, longest) / 1000;
  }

  /** Lets the older readings go when their time is over. To be called about every second. @param nowMs monotonic */
  tick(nowMs: number): void {
    this.#renewedMs ??= nowMs;
    if (nowMs - this.#renewedMs < RENEW_MS) return;
    this.#renewedMs = nowMs;
    this.#monitors[this.#next].reset();
    this.#next = 1 - this.#next;
  }

  /** Ends the monitors. */
  stop(): void {
    for (const monitor of this.#monitors) monitor.disable();
  }
}
