import { SluiceError } from '../../core/errors.js';
import { cleanText } from '../../core/log-fields.js';
import { unknownJob } from '../../jobs/desk/job-acts.js';
import { type JobRecord, keyOfJobId } from '../../jobs/record/record.js';
import { reportProblem } from '../control/report.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { stopSignal } from '../stop-signal.js';
import { inNatsOnly, type JobsInNats, type JobsOptions, type OpenJobs, withJobs } from './open-jobs.js';

/** Options of `sluice jobs logs`. */
export interface JobsLogsOptions extends JobsOptions {
  readonly follow?: boolean;
  readonly attempt?: string;
}

/** How long a runner waits for more of a log that is followed, in ms. */
const WAIT_MS = 8000;

/**
 * `sluice jobs logs JOB [-f]`: the log of its newest attempt, from the runner that ran it, or from the data folder.
 *
 * @returns the exit code
 */
export function jobsLogs(jobId: string, options: JobsLogsOptions, io: Io): Promise<number> {
  const attempt = attemptOf(options.attempt);
  return withJobs(options, io, async (jobs) => {
    const key = keyOfJobId(jobId);
    if (key === undefined) throw unknownJob(jobId);
    if (jobs.nats === undefined) return fromFolder(jobId, attempt, options, jobs, io);
    const record = (await jobs.store.jobs.read(key))?.value;
    if (record === undefined) throw unknownJob(jobId);
    const holder = await holderOf(record, attempt, jobs, jobs.nats);
    return fromRunner(jobId, holder, options, jobs, io);
  });
}

interface Holder {
  readonly runnerId: string;
  readonly attempt: number;
}

/** The runner that has the log of an attempt, by default of the newest that ran. */
async function holderOf(
  record: JobRecord,
  wanted: number | undefined,
  jobs: OpenJobs,
  nats: JobsInNats,
): Promise<Holder> {
  const { by, last } = record;
  if (by !== undefined && (wanted ?? record.attempt) === record.attempt) return holder(by, record.attempt);
  if (last?.by !== undefined && (wanted ?? last.attempt) === last.attempt) return holder(last.by, last.attempt);
  // An older attempt, or the newest was never begun: the event of the start names its runner.
  const { startedBy } = await import('../../jobs/nats/started-by.js');
  const { prefix } = jobs.config.events;
  for (const attempt of wanted === undefined ? [record.attempt, record.attempt - 1] : [wanted]) {
    const found =
      attempt < 1 ? undefined : await startedBy(nats.connection, prefix, record, attempt, nats.answerTimeout);
    if (found !== undefined) return holder(found, attempt);
  }
  throw new SluiceError(
    'ERR_JOB_LOG_LOST',
    `no runner is known to have begun ${wanted === undefined ? 'the job' : `attempt ${wanted}`}`,
  );
}

function holder(by: string, attempt: number): Holder {
  return { runnerId: by.split('.')[0] ?? by, attempt };
}

async function fromRunner(
  jobId: string,
  { runnerId, attempt }: Holder,
  options: JobsLogsOptions,
  jobs: OpenJobs,
  io: Io,
): Promise<number> {
  const { requests } = inNatsOnly(jobs, 'to ask a runner', '');
  const { askRunner } = await import('../../jobs/nats/runner-client.js');
  const { prefix } = jobs.config.events;
  const stop = AbortSignal.any([stopSignal(), io.gone]);
  let place: { readonly file: number; readonly offset: number } | undefined;
  while (!stop.aborted) {
    const waitMs = options.follow === true ? WAIT_MS : 0;
    const body = { jobId, attempt, waitMs, ...(place === undefined ? {} : { place }) };
    const asked = askRunner(requests, prefix, runnerId, 'logs', body).catch((error: unknown) => {
      throw lostWith(error, runnerId, attempt);
    });
    const outcome = await Promise.race([asked, aborted(stop)]);
    asked.catch(() => undefined);
    if (outcome === undefined) break;
    if (!outcome.ok) return reportProblem(outcome.problem, options, io);
    const { text, isEnd, place: next } = outcome.answer;
    await io.room(stop);
    if (typeof text === 'string') io.out(shown(text));
    place = next as unknown as typeof place;
    if (isEnd === true || (text === '' && options.follow !== true)) break;
  }
  return EXIT.ok;
}

/** A runner that does not answer has the log with it. */
function lostWith(error: unknown, runnerId: string, attempt: number): unknown {
  if (!(error instanceof SluiceError) || error.code !== 'ERR_JOB_RUNNER_UNREACHABLE') return error;
  const detail = `attempt ${attempt} ran on ${runnerId}, which does not answer (${error.detail})`;
  return new SluiceError('ERR_JOB_LOG_LOST', detail, { cause: error });
}

async function fromFolder(
  jobId: string,
  wanted: number | undefined,
  { follow }: JobsLogsOptions,
  jobs: OpenJobs,
  io: Io,
): Promise<number> {
  if (follow === true) inNatsOnly(jobs, 'to follow a log', 'without -f the log so far is printed');
  const { JobLogs } = await import('../../jobs/run/job-logs.js');
  const { join } = await import('node:path');
  const { logKeepMs, logMaxBytes } = jobs.config.jobs;
  const logs = new JobLogs({
    ...{ folder: join(jobs.folder, 'logs'), keepMs: logKeepMs, maxBytes: logMaxBytes, wallMs: () => Date.now() },
  });
  const attempt = wanted ?? (await logs.attempts(jobId)).at(-1);
  if (attempt === undefined) throw new SluiceError('ERR_JOB_LOG_LOST', `${jobId}: there is none in ${jobs.folder}`);
  let isEmpty = true;
  for await (const bytes of logs.read(jobId, attempt, { signal: io.gone })) {
    isEmpty = false;
    await io.room(io.gone);
    io.out(shown(bytes.toString('utf8')));
  }
  if (isEmpty)
    throw new SluiceError('ERR_JOB_LOG_LOST', `${jobId}, attempt ${attempt}: there is none in ${jobs.folder}`);
  return EXIT.ok;
}

/** Text of a program for a terminal: its lines and tabs, without what moves the cursor. */
function shown(text: string): string {
  return text.replace(/[^\n\t]+/g, cleanText);
}

function attemptOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const attempt = Number(text);
  if (Number.isSafeInteger(attempt) && attempt >= 1) return attempt;
  throw new SluiceError('ERR_CLI_USAGE', `--attempt ${text}; expected a number from 1`);
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
