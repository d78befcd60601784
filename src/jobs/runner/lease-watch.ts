import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { Table } from '../table.js';
import type { RunnerState } from './runner-state.js';

/** What the watch is made with. */
interface WatchDeps {
  readonly table: Table<RunnerState>;
  readonly clock: Clock;
  readonly log: Logger;
  /** A runner is lost: its jobs are to be taken. */
  readonly lost: (key: string) => void;
}

/** How often leases are looked at, in ms. */
export const WATCH_MS = 500;
/** A look that comes so much too late was not watching in between. */
const LATE = 3;

/** The newest heartbeat of another runner, as it was seen here. */
interface Seen {
  readonly revision: number;
  /** Monotonic ms. */
  readonly sinceMs: number;
  readonly leaseMs: number;
}

/**
 * Judges the leases of all runners by the clock of this one: a heartbeat that has not changed for the length of the
 * lease, while this runner was watching throughout, is the last one. Clocks of different machines are never compared.
 */
export class LeaseWatch {
  readonly #deps: WatchDeps;
  readonly #seen = new Map<string, Seen>();
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  /** There was no connection for a moment: everything is watched anew. */
  interrupted(): void {
    this.#seen.clear();
  }

  /** Looks at every lease. It is called every {@link WATCH_MS}. */
  look(): void {
    const { table, clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    // This process stood still: heartbeats may have come that it has not read yet.
    if (nowMs - this.#lookedMs > WATCH_MS * LATE) this.interrupted();
    this.#lookedMs = nowMs;
    for (const [key, seen] of this.#seen) {
      // Removed by a runner that has ended, or with its bucket: then the next heartbeat makes it anew.
      if (table.entries().has(key) || nowMs - seen.sinceMs <= seen.leaseMs) continue;
      this.#seen.delete(key);
      this.#deps.lost(key);
    }
    for (const [key, { value, revision }] of table.entries()) {
      const seen = this.#seen.get(key);
      if (seen?.revision !== revision) {
        this.#seen.set(key, { revision, sinceMs: nowMs, leaseMs: value.leaseMs });
        if (value.state === 'lost') this.#deps.lost(key);
      } else if (value.state !== 'lost' && nowMs - seen.sinceMs > value.leaseMs) {
        void this.#declareLost(key, value, revision);
      }
    }
  }

  async #declareLost(key: string, value: RunnerState, revision: number): Promise<void> {
    const { table, clock, log } = this.#deps;
    this.#seen.set(key, { revision, sinceMs: clock.monotonicMs(), leaseMs: value.leaseMs });
    const written = await table.write(key, { ...value, state: 'lost' }, revision, (now) => now.state === 'lost');
    if (written.kind !== 'ok') return;
    log.warn({ runner: key, leaseMs: value.leaseMs }, 'jobs: a runner is lost; its jobs are taken');
    // Everybody sees the new value and takes the jobs; so does this runner, in its next look.
  }
}
