import { SluiceError } from '../../core/errors.js';
import { duration } from '../../core/quantities.js';
import { unknownJob } from '../../jobs/desk/job-acts.js';
import { JOB_STATES, type JobQuery, type JobStateName } from '../../jobs/desk/job-query.js';
import type { JobView, RunnerView, TemplateView } from '../../jobs/desk/views.js';
import { type Column, table } from '../control/table.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { inNatsOnly, type JobsOptions, type OpenJobs, withJobs } from './open-jobs.js';

/** Options of `sluice jobs ls`. */
export interface JobsLsOptions extends JobsOptions {
  readonly state?: string;
  readonly stream?: string;
  readonly template?: string;
}

/** Jobs of one request, and at all. */
const PAGE = 1000;
const MOST_JOBS = 100_000;

const JOB_COLUMNS: readonly Column<JobView>[] = [
  { title: 'STREAM', show: ({ app, name }) => `${app}/${name}` },
  { title: 'TEMPLATE', show: ({ template }) => template },
  { title: 'STATE', show: ({ state, outcome }) => (state === 'done' ? (outcome ?? state) : state) },
  { title: 'ATTEMPT', show: ({ attempt }) => String(attempt), isNumber: true },
  { title: 'FAILURES', show: ({ failures }) => String(failures), isNumber: true },
  { title: 'FOR', show: ageOf, isNumber: true },
  { title: 'WHY', show: ({ reason, last }) => reason ?? last?.reason ?? '' },
  { title: 'RUNNER', show: ({ by, last }) => (by ?? last?.by ?? '').split('.')[0] ?? '' },
  { title: 'JOB', show: ({ jobId }) => jobId },
];

const TEMPLATE_COLUMNS: readonly Column<TemplateView>[] = [
  { title: 'TEMPLATE', show: ({ name }) => name },
  { title: 'VERSION', show: ({ revision }) => String(revision), isNumber: true },
  { title: 'ON', show: ({ on }) => on },
  { title: 'UNTIL', show: ({ until }) => until },
  { title: 'FOR', show: ({ match }) => `${match.app ?? '*'}/${match.name ?? '*'}` },
  { title: 'WHERE', show: ({ match }) => match.where ?? '' },
  { title: 'RUN', show: ({ kind }) => kind },
  { title: 'WHAT', show: ({ runs }) => runs },
];

const RUNNER_COLUMNS: readonly Column<RunnerView>[] = [
  { title: 'RUNNER', show: ({ runnerId }) => runnerId },
  { title: 'STATE', show: ({ state }) => state },
  { title: 'HOST', show: ({ host }) => host },
  { title: 'USED', show: ({ used }) => String(used), isNumber: true },
  { title: 'SLOTS', show: ({ slots }) => String(slots), isNumber: true },
  {
    title: 'LABELS',
    show: ({ labels }) =>
      Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
  },
  { title: 'HEARTBEAT', show: ({ time }) => `${duration(Math.max(0, Date.now() - Date.parse(time)))} ago` },
];

/** `sluice jobs ls`. @returns the exit code, as all functions of this file */
export function jobsLs(options: JobsLsOptions, io: Io): Promise<number> {
  const query = queryOf(options);
  return withJobs(options, io, async (jobs) => {
    const found = await allJobs(jobs, query);
    return print(found, options, io, () => table(found, JOB_COLUMNS, 'there is no such job', io));
  });
}

/** `sluice jobs get JOB`. */
export function jobsGet(jobId: string, options: JobsOptions, io: Io): Promise<number> {
  return withJobs(options, io, async ({ desk }) => {
    const job = await desk.get(jobId);
    if (job === undefined) throw unknownJob(jobId);
    // Texts of peers and programs: JSON has no characters that a terminal acts upon.
    io.out(`${JSON.stringify(job, null, options.json === true ? 0 : 2)}\n`);
    return EXIT.ok;
  });
}

/** `sluice jobs templates`. */
export function jobsTemplates(options: JobsOptions, io: Io): Promise<number> {
  return withJobs(options, io, async ({ desk }) => {
    const found = await desk.templates();
    return print(found, options, io, () => table(found, TEMPLATE_COLUMNS, 'there is no template', io));
  });
}

/** `sluice jobs runners`. */
export function jobsRunners(options: JobsOptions, io: Io): Promise<number> {
  return withJobs(options, io, async (jobs) => {
    inNatsOnly(jobs, 'a list of runners', 'the runner of the folder is the only one');
    const found = await jobs.desk.runners();
    return print(found, options, io, () => table(found, RUNNER_COLUMNS, 'no runner is up', io));
  });
}

/** All jobs that a query selects, page by page. @throws SluiceError ERR_JOB_STORE */
export async function allJobs({ desk }: OpenJobs, query: JobQuery): Promise<JobView[]> {
  const found: JobView[] = [];
  let cursor: string | undefined;
  do {
    const page = await desk.list(query, PAGE, cursor);
    found.push(...page.jobs);
    ({ cursor } = page);
  } while (cursor !== undefined && found.length < MOST_JOBS);
  return found;
}

function queryOf({ state, stream, template }: JobsLsOptions): JobQuery {
  return {
    ...(state === undefined ? {} : { state: stateOf(state) }),
    ...(stream === undefined ? {} : streamOf(stream)),
    ...(template === undefined ? {} : { template }),
  };
}

function stateOf(text: string): JobStateName {
  if ((JOB_STATES as readonly string[]).includes(text)) return text as JobStateName;
  throw new SluiceError('ERR_CLI_USAGE', `--state ${text}; expected one of ${JOB_STATES.join(', ')}`);
}

/** `app/name`, or the id of a stream. */
function streamOf(text: string): JobQuery {
  const slash = text.indexOf('/');
  return slash === -1 ? { streamId: text } : { app: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** How long a job has been in its state. */
function ageOf({ state, requestedAt, startedAt, endedAt, last }: JobView): string {
  const since =
    state === 'done' ? endedAt : state === 'open' ? (last?.time ?? requestedAt) : (startedAt ?? requestedAt);
  const ms = Date.now() - Date.parse(since ?? requestedAt);
  return Number.isNaN(ms) ? '' : duration(Math.max(0, ms));
}

function print(items: readonly object[], { json }: JobsOptions, io: Io, words: () => string): number {
  io.out(json === true ? `${JSON.stringify({ items })}\n` : words());
  return EXIT.ok;
}
