import type { RunProgress } from '../../model/run-progress.js';
import type { JobFacts, JobTemplate } from '../template/template.js';

/** One attempt at a job, as a run gets it. */
export interface RunOrder {
  /** `<streamId>/<template>`, or `want/<app>/<name>/<template>`. */
  readonly jobId: string;
  readonly template: JobTemplate;
  readonly facts: JobFacts;
  /** 1, 2, 3 … */
  readonly attempt: number;
  /** Fencing number of the claim; it grows with every claim. */
  readonly token: number;
  /** Where the stream is pulled, ticket included: a secret. Missing where the template does not use it. */
  readonly url?: string;
}

/**
 * How a run ended. `exit`: by itself; `asked`: after it was asked to stop, whatever its exit code; `stall` and
 * `time_limit`: it was ended for that; `spawn`: it could not be started (`text`: the system's code); `lost`: who ran
 * it cannot be asked any more.
 */
export interface RunEnd {
  readonly kind: 'exit' | 'asked' | 'stall' | 'time_limit' | 'spawn' | 'lost';
  /** Exit code. */
  readonly exit?: number;
  readonly signal?: string;
  readonly text?: string;
  /** The last lines of its log, at most 2 KiB, secrets masked. */
  readonly logTail?: string;
}

/** Something that runs. */
export interface Run {
  /** Of a process. */
  readonly pid?: number;
  /** What it was started as, secrets masked, for events. */
  readonly shown: readonly string[];
  readonly progress: RunProgress;
  /** Resolves when it is over and nothing of it is left. It never rejects. */
  readonly done: Promise<RunEnd>;
  /**
   * Whether lack of progress counts now: not while the stream is suspended or stalled. The time begins anew each time
   * that it is switched on.
   */
  expectProgress(isExpected: boolean): void;
  /**
   * Asks it to end. `afterEof`: the stream is over, so it has 2 s to end by itself first. `now`: TERM, and KILL after
   * the grace of the template. `kill`: KILL at once. A later call may only be harder.
   */
  stop(how: 'afterEof' | 'now' | 'kill'): void;
}
