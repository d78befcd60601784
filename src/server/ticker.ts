import type { Logger } from '../core/log.js';
import type { RunningClock } from '../core/running-clock.js';

/** How often deadlines are checked, in ms. */
const TICK_MS = 250;
/**
 * Connections that publish or play are checked only every so many ticks, because the cost shows with thousands of
 * players.
 */
const SETTLED_EVERY = 4;

/**
 * Does what is due by time.
 *
 * @param nowMs monotonic milliseconds
 * @param all whether every connection is due, or only those that have just come
 */
export type Tick = (nowMs: number, all: boolean) => void;

/** The one timer of the server for deadlines: no connection has a timer of its own. */
export class Ticker {
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;

  /** Begins to tick. */
  constructor(clock: RunningClock, log: Logger, tick: Tick) {
    this.#timer = setInterval(() => {
      this.#ticks++;
      // Reading the clock is what finds out that time was lost.
      const nowMs = clock.monotonicMs();
      const lostMs = clock.takeLostMs();
      if (lostMs > 0) {
        log.warn(
          { lostMs: Math.round(lostMs) },
          'the process could not run for a while: deadlines of peers are moved by as much',
        );
        // What came meanwhile is read first. Peers that are late after that are found at the next tick.
        return;
      }
      try {
        tick(nowMs, this.#ticks % SETTLED_EVERY === 0);
      } catch (error) {
        log.error({ err: error, code: 'ERR_INTERNAL' }, 'a defect while deadlines were looked at');
      }
    }, TICK_MS);
  }

  /** Ends it. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
