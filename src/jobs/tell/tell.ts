import type { RunProgress } from '../../model/run-progress.js';
import type { JobRecord } from '../record/record.js';
import type { StartedFacts } from './job-event.js';

/** Tells what happens to jobs. Nothing here waits or throws; what cannot be told now is told later. */
export interface JobTeller {
  requested(record: JobRecord): void;
  started(record: JobRecord, facts: StartedFacts): void;
  /** The end of the newest attempt of a record that ended. */
  ended(record: JobRecord, result?: Readonly<Record<string, unknown>>): void;
  progress(record: JobRecord, progress: RunProgress): void;
  /** Makes sure that the end of the newest attempt that ended is told: whoever settled it may be gone. */
  ensureEnd(record: JobRecord): Promise<void>;
}
