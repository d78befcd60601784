import type { RunProgress } from '../../model/run-progress.js';

/** A value of the bucket `SLUICE_RUNNERS`: what a process that runs jobs says of itself with each heartbeat. */
export interface RunnerState {
  readonly v: 1;
  /** `lost`: others have taken its jobs, and it may not have any until it has begun anew. */
  readonly state: 'up' | 'draining' | 'lost';
  readonly runnerId: string;
  readonly bootId: string;
  readonly host: string;
  readonly slots: number;
  readonly used: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether it is no runner but a worker outside, which has leased one job. */
  readonly isWorker?: boolean;
  /** How far the programs of its jobs are that tell it, by job id: of the first 100 at most. */
  readonly progress?: Readonly<Record<string, RunProgress>>;
  /** Without a heartbeat for so long it is lost. */
  readonly leaseMs: number;
  /** ISO 8601. */
  readonly time: string;
}

const STATES: readonly unknown[] = ['up', 'draining', 'lost'];

/** Whether a value of the bucket is one that this version understands. */
export function isRunnerState(value: unknown): value is RunnerState {
  if (typeof value !== 'object' || value === null) return false;
  const it = value as Partial<Record<keyof RunnerState, unknown>>;
  return (
    it.v === 1 &&
    STATES.includes(it.state) &&
    typeof it.runnerId === 'string' &&
    typeof it.bootId === 'string' &&
    typeof it.slots === 'number' &&
    typeof it.used === 'number' &&
    typeof it.leaseMs === 'number' &&
    it.leaseMs > 0 &&
    typeof it.time === 'string' &&
    typeof it.labels === 'object' &&
    it.labels !== null
  );
}
