import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { Streams } from '../ports.js';
import type { Run, RunOrder } from '../run/run.js';
import type { JobTeller } from '../tell/tell.js';
import type { JobBook } from './job-book.js';

/** An attempt that has its run, and what becomes of its files. */
export interface StartedRun {
  readonly run: Run;
  /** The files of the attempt are accepted. @returns what is told of them */
  accept(facts: {
    readonly from: string;
    readonly to: string;
    readonly gapMs?: number;
  }): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** The files of the attempt are not accepted. */
  reject(reason: string): Promise<void>;
}

/** What an attempt is made with. */
export interface AttemptDeps {
  readonly book: JobBook;
  readonly streams: Streams;
  readonly tell: JobTeller;
  readonly clock: Clock;
  readonly log: Logger;
  readonly runnerId: string;
  /** How many runners there are. */
  readonly runners: () => number;
  /**
   * Starts what a template says.
   *
   * @throws SluiceError ERR_JOB_ARGUMENT when it cannot be started with what is known of the stream
   */
  readonly start: (order: RunOrder) => Promise<StartedRun>;
}
