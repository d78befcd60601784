import { type ErrorEntry, ending, failure } from './error-entry.js';

/** Codes of jobs: external work that is run for a stream. */
export const JOB_ERRORS = {
  ERR_JOB_FENCED: ending(
    'kicked',
    'operator',
    'another run holds this job, or none does',
    'stop this run; the run that holds the job goes on',
    { usual: true, endsPlaysAs: 'fenced', exit: 'refused' },
  ),
  ERR_JOB_STORE: failure(
    'unreachable',
    'operator',
    'the records of jobs cannot be read or written now',
    'check that NATS answers and that this user may use the buckets SLUICE_JOBS, SLUICE_RUNNERS and SLUICE_TEMPLATES',
  ),
  ERR_JOB_TICKET_EXPIRED: failure(
    'refused',
    'peer',
    'the ticket was not used in time; its first play must come within a minute',
    'ask for a new ticket, and play at once',
  ),
} as const satisfies Record<string, ErrorEntry>;
