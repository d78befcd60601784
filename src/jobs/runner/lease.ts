import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { Table } from '../table.js';
import type { RunnerState } from './runner-state.js';

/** What a lease is made with. */
interface LeaseDeps {
  readonly table: Table<RunnerState>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly leaseMs: number;
  /** What the runner says of itself now. */
  readonly state: () => Omit<RunnerState, 'time' | 'leaseMs' | 'v'>;
  /** `<runnerId>.<bootId>`. */
  readonly key: string;
  /** No heartbeat was acknowledged for most of the lease. */
  readonly isolated: () => void;
  /** Others have taken this runner for lost: what it runs is not its own any more. */
  readonly lost: () => void;
}

/** Heartbeats in one lease. */
const BEATS = 4;
/** Part of the lease after which a runner that hears nothing does not trust itself. */
const TRUST = 0.8;

/** The heartbeat of one boot of a runner. The jobs that it holds are its own as long as it is acknowledged. */
export class Lease {
  readonly #deps: LeaseDeps;
  #revision = 0;
  #ackedMs = Number.NEGATIVE_INFINITY;
  #isWriting = false;
  #isOver = false;
  #isIsolated = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: LeaseDeps) {
    this.#deps = deps;
  }

  /** Whether a heartbeat was acknowledged lately. */
  get isTrusted(): boolean {
    const { clock, leaseMs } = this.#deps;
    return !this.#isOver && clock.monotonicMs() - this.#ackedMs < leaseMs * TRUST;
  }

  /** Begins. Resolves when the first heartbeat is stored. */
  async start(): Promise<void> {
    while (!this.#isOver && this.#revision === 0) {
      await this.beat();
      if (this.#revision === 0) await new Promise((resolve) => setTimeout(resolve, 250));
    }
    if (this.#isOver) return;
    this.#timer = setInterval(() => void this.beat(), this.#deps.leaseMs / BEATS);
  }

  /** One heartbeat, now. Never rejects. */
  async beat(): Promise<void> {
    if (this.#isOver) return;
    this.#checkIsolation();
    if (this.#isWriting) return;
    this.#isWriting = true;
    const { table, key, clock, leaseMs, log } = this.#deps;
    const sentMs = clock.monotonicMs();
    const time = new Date(clock.wallMs()).toISOString();
    const value: RunnerState = { v: 1, ...this.#deps.state(), leaseMs, time };
    // An earlier heartbeat whose answer did not come in time may have been stored later. Others write here only to say
    // that this boot is lost.
    const written = await table.write(key, value, this.#revision, (now) => now.state !== 'lost');
    this.#isWriting = false;
    if (this.#isOver) return;
    if (written.kind === 'ok') {
      this.#revision = written.revision;
      // The lease counts from the moment that the heartbeat was sent: others may have seen it then.
      this.#ackedMs = sentMs;
      if (this.#isIsolated) log.info('jobs: heartbeats are acknowledged again');
      this.#isIsolated = false;
    } else if (written.kind === 'conflict' && this.#revision > 0) {
      const held = await table.read(key).catch(() => table.entries().get(key));
      if (this.#isOver) return;
      if (held === undefined) {
        // Nobody says that it is lost: the heartbeat has gone with its bucket, and the next one makes it anew.
        this.#revision = 0;
        return;
      }
      this.#end();
      log.warn('jobs: this runner was taken for lost; what it runs is ended');
      this.#deps.lost();
    } else if (written.kind === 'missing') {
      // The bucket was deleted, and is made again by whoever follows it.
      this.#revision = 0;
    }
  }

  /** Ends the heartbeats; with `isGone` nothing is left of the runner. */
  async stop(): Promise<void> {
    this.#end();
    if (this.#revision > 0) await this.#deps.table.purge(this.#deps.key, this.#revision);
  }

  #end(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
  }

  #checkIsolation(): void {
    if (this.#revision === 0 || this.isTrusted || this.#isIsolated) return;
    this.#isIsolated = true;
    this.#deps.log.warn({ leaseMs: this.#deps.leaseMs }, 'jobs: no heartbeat is acknowledged');
    this.#deps.isolated();
  }
}
