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
  ERR_JOB_TICKET_UNCHECKED: ending(
    'kicked',
    'operator',
    'the stream of a ticket is at another node, and that node did not say whether the ticket holds',
    'play again in a few seconds, or ask for a new ticket; look at NATS and the network between the nodes if this repeats',
    { endsPlaysAs: 'fenced', exit: 'unreachable' },
  ),
  ERR_JOB_BUSY: failure(
    'refused',
    'operator',
    'too many workers wait for jobs, or too many of their requests are answered at once',
    'ask again a little later, or run more runners with --dispatch',
  ),
  ERR_JOB_STOPPING: failure(
    'refused',
    'operator',
    'the job is to end: its stream is over, somebody wants it, or the worker stops',
    'end what runs for it',
  ),
  ERR_JOB_STORE: failure(
    'unreachable',
    'operator',
    'the records of jobs cannot be read or written now',
    'check that NATS answers and that this user may use the buckets SLUICE_JOBS, SLUICE_RUNNERS and SLUICE_TEMPLATES',
  ),
  ERR_JOB_NEEDS_NATS: failure(
    'usage',
    'operator',
    'jobs are kept in NATS, and there is no NATS in the settings',
    'set nats.url (--nats, SLUICE_NATS_URL); without NATS one runner keeps its jobs in its data folder, which --data reads',
  ),
  ERR_JOB_UNKNOWN: failure(
    'refused',
    'operator',
    'there is no job of this id',
    'sluice jobs ls lists them; a job that is over is forgotten jobs.keepMs after its stream',
  ),
  ERR_JOB_STATE: failure(
    'refused',
    'operator',
    'this cannot be done to the job where it stands',
    'sluice jobs get shows where it stands; only a job that is over, of a stream that is live, can run again',
  ),
  ERR_JOB_TEMPLATE_UNKNOWN: failure(
    'refused',
    'operator',
    'there is no job template of this name',
    'sluice jobs templates lists them',
  ),
  ERR_JOB_RUNNER_UNREACHABLE: failure(
    'unreachable',
    'operator',
    'no runner answers under this id',
    'sluice jobs runners lists those that there are; check that this user may publish to sluice.v1.ctl.r.>',
  ),
  ERR_JOB_LOG_LOST: failure(
    'refused',
    'operator',
    'there is no log: it was on a runner that is gone, or was removed after jobs.logKeepMs',
    'the last lines of a failed attempt are in its event and in sluice jobs get',
  ),
  ERR_JOB_TICKET_EXPIRED: failure(
    'refused',
    'peer',
    'the ticket was not used in time; its first play must come within a minute',
    'ask for a new ticket, and play at once',
  ),
  ERR_JOB_TEMPLATES_UNREADABLE: failure(
    'usage',
    'operator',
    'a file of job templates cannot be read',
    'check the path, its permissions, and that it is a text of at most 1 MiB',
  ),
  ERR_JOB_TEMPLATES_INVALID: failure(
    'usage',
    'operator',
    'job templates have problems, so none of them is used',
    'mend them at the places that are named; sluice jobs validate checks a file',
  ),
  ERR_JOB_TEMPLATE_SYNTAX: failure(
    'usage',
    'operator',
    'a file of job templates is not YAML, or not built as one',
    'mend it at the place that is named',
  ),
  ERR_JOB_TEMPLATE_KEY: failure(
    'usage',
    'operator',
    'a job template has a key that there is not, or has not one that it needs',
    'see docs/job-templates.md for every key',
  ),
  ERR_JOB_TEMPLATE_VALUE: failure(
    'usage',
    'operator',
    'a key of a job template has a value that is not accepted',
    'change the value at the place that is named',
  ),
  ERR_JOB_TEMPLATE_WHERE: failure(
    'usage',
    'operator',
    'the expression of `where` cannot be read',
    'see docs/job-templates.md for its facts and operators',
  ),
  ERR_JOB_TEMPLATE_PLACEHOLDER: failure(
    'usage',
    'operator',
    'a text of a job template has a placeholder that there is not, or not here',
    'see docs/job-templates.md for every placeholder; {{ is a brace',
  ),
  ERR_JOB_TEMPLATE_CONFLICT: failure(
    'usage',
    'operator',
    'members of a job template do not go together',
    'remove or change one of the two that are named',
  ),
  ERR_JOB_TEMPLATE_DUPLICATE: failure(
    'usage',
    'operator',
    'two job templates have one name',
    'rename one: the name is part of the key of every job',
  ),
  ERR_JOB_ARGUMENT: failure(
    'failed',
    'operator',
    'a value of the stream cannot be put into what the job runs',
    'write a default as in {width?0} for what may be missing, and put text before a value that may begin with -',
  ),
} as const satisfies Record<string, ErrorEntry>;
