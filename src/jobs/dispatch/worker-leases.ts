import type { Clock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { RunnerState } from '../runner/runner-state.js';
import type { Table } from '../table.js';

/** Turns of a renewal that meets other renewals. */
const MOST_TURNS = 4;

/**
 * The leases of workers outside, one for each job: entries among those of runners, so that a worker that is silent is
 * judged as a runner is. Any dispatcher may renew any of them.
 */
export class WorkerLeases {
  readonly #table: Table<RunnerState>;
  readonly #clock: Clock;
  readonly #leaseMs: number;

  constructor(table: Table<RunnerState>, clock: Clock, leaseMs: number) {
    this.#table = table;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  /**
   * Begins a lease.
   *
   * @returns its key, `<worker>.<bootId>`, which is the holder of the job
   * @throws SluiceError ERR_JOB_STORE
   */
  async open(worker: string, labels: Readonly<Record<string, string>>): Promise<string> {
    const bootId = newId(this.#clock.wallMs());
    const key = `${worker}.${bootId}`;
    const state: RunnerState = {
      ...{ v: 1, state: 'up', runnerId: worker, bootId, host: '', slots: 1, used: 1, labels, isWorker: true },
      ...{ leaseMs: this.#leaseMs, time: this.#now() },
    };
    const written = await this.#table.write(key, state, 0, (held) => held.bootId === bootId);
    if (written.kind === 'ok') return key;
    throw new SluiceError('ERR_JOB_STORE', `${key}: ${written.kind === 'conflict' ? 'it is there' : written.text}`);
  }

  /**
   * Whether the holder of a job is a worker whose lease goes on.
   *
   * @returns undefined: it is no worker, or nobody knows it
   * @throws SluiceError ERR_JOB_STORE
   */
  async stateOf(key: string): Promise<RunnerState['state'] | undefined> {
    const entry = this.#table.entries().get(key) ?? (await this.#table.read(key));
    return entry?.value.isWorker === true ? entry.value.state : undefined;
  }

  /**
   * Renews a lease.
   *
   * @returns false: it is over, and the job is given to others
   * @throws SluiceError ERR_JOB_STORE
   */
  async renew(key: string): Promise<boolean> {
    let entry = this.#table.entries().get(key) ?? (await this.#table.read(key));
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      if (entry === undefined || entry.value.state === 'lost') return false;
      const time = this.#now();
      const isOurs = (held: RunnerState): boolean => held.time === time && held.state === 'up';
      const written = await this.#table.write(key, { ...entry.value, time }, entry.revision, isOurs);
      if (written.kind === 'ok') return true;
      if (written.kind !== 'conflict') throw new SluiceError('ERR_JOB_STORE', `${key}: ${written.text}`);
      entry = await this.#table.read(key);
    }
    // Others renew it in this moment.
    return true;
  }

  /** Ends a lease: its job is not held by it any more. Never rejects. */
  async close(key: string): Promise<void> {
    // Another dispatcher may have renewed it since it was seen here. What is left runs out like any lease.
    const entry = await this.#table.read(key).catch(() => undefined);
    if (entry !== undefined) await this.#table.purge(key, entry.revision);
  }

  #now(): string {
    return new Date(this.#clock.wallMs()).toISOString();
  }
}
