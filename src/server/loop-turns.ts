import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How often each monitor reads the clock, in ms. A turn may be longer than the reported one by this much. */
const RESOLUTION_MS = 5;
/** One of the two monitors is reset this often, so that a reading covers the last 5 to 10 seconds. */
const RENEW_MS = 5_000;

/** The part of a monitor of the event loop that {@link LoopTurns} uses; times in nanoseconds. */
export type LoopMonitor = Pick<IntervalHistogram, 'enable' | 'disable' | 'reset' | 'max' | 'count'>;

/** After this time without a reading the monitors stop, because each of their samples wakes the process up. */
const UNREAD_MS = 60_000;

/**
 * The longest recent turn of the event loop. Media, HTTP and deadlines all wait for the turn that runs, so this is the
 * longest time for which the work of one client held up another. It is measured only while it is read: sampling every 5
 * ms costs 0.3 to 1 % of a core.
 *
 * There are two monitors because a monitor that is reset loses the turn that is running; the other one still has it.
 */
export class LoopTurns {
  readonly #monitors: readonly LoopMonitor[];
  #next = 0;
  #renewedMs: number | undefined;
  #isRead = false;
  /** When it was read last; undefined while the monitors are stopped. */
  #readMs: number | undefined;

  /** @param create makes a monitor that samples every `resolutionMs`; tests pass their own */
  constructor(create: (resolutionMs: number) => LoopMonitor = (resolution) => monitorEventLoopDelay({ resolution })) {
    this.#monitors = [create(RESOLUTION_MS), create(RESOLUTION_MS)];
  }

  /**
   * Longest turn within the last 5 to 10 seconds, in seconds, and keeps measuring for a minute from now.
   *
   * @returns 0 on the first call, and on the first one after a minute without any
   */
  read(): number {
    this.#isRead = true;
    if (this.#readMs === undefined) for (const monitor of this.#monitors) monitor.enable();
    // A monitor counts from one sample to the next, so the time between two samples is no turn.
    const longest = Math.max(...this.#monitors.map((m) => (m.count > 0 ? m.max / 1e6 - RESOLUTION_MS : 0)));
    return Math.max(0, longest) / 1000;
  }

  /**
   * Drops older readings when their time is over, and stops monitors that are not read. Call it about every second.
   * @param nowMs monotonic
   */
  tick(nowMs: number): void {
    if (this.#isRead) {
      this.#isRead = false;
      this.#renewedMs ??= nowMs;
      this.#readMs = nowMs;
    }
    if (this.#readMs === undefined || this.#renewedMs === undefined) return;
    if (nowMs - this.#readMs >= UNREAD_MS) {
      this.stop();
      return;
    }
    if (nowMs - this.#renewedMs < RENEW_MS) return;
    this.#renewedMs = nowMs;
    this.#monitors[this.#next].reset();
    this.#next = 1 - this.#next;
  }

  /** Ends the monitors until the next {@link LoopTurns.read}. */
  stop(): void {
    for (const monitor of this.#monitors) {
      monitor.disable();
      monitor.reset();
    }
    this.#readMs = undefined;
    this.#renewedMs = undefined;
  }
}
