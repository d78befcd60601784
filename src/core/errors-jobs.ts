import { type ErrorEntry, ending } from './error-entry.js';

/** Codes of jobs: external work that is run for a stream. */
export const JOB_ERRORS = {
  ERR_JOB_FENCED: ending(
    'kicked',
    'operator',
    'another run holds this job, or none does',
    'stop this run; the run that holds the job goes on',
    { usual: true, endsPlaysAs: 'fenced', exit: 'refused' },
  ),
} as const satisfies Record<string, ErrorEntry>;
