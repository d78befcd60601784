import { SluiceError } from '../../core/errors.js';
import { cleanText } from '../../core/log-fields.js';
import { unknownJob } from '../../jobs/desk/job-acts.js';
import type { LogHolder } from '../../jobs/nats/log-holder.js';
import { keyOfJobId } from '../../jobs/record/record.js';
import { reportProblem } from '../control/report.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { stopSignal } from '../stop-signal.js';
import { inNatsOnly, type JobsOptions, type OpenJobs, withJobs } from './open-jobs.js';

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
    const { holderOfLog } = await import('../../jobs/nats/log-holder.js');
    const { connection, answerTimeout } = jobs.nats;
    const holder = await holderOfLog({ connection, answerTimeout, prefix: jobs.config.events.prefix }, record, attempt);
    return fromRunner(jobId, holder, options, jobs, io);
  });
}

async function fromRunner(
  jobId: string,
  holder: LogHolder,
  options: JobsLogsOptions,
  jobs: OpenJobs,
  io: Io,
): Promise<number> {
  const { requests } = inNatsOnly(jobs, 'to ask a runner', '');
  const { askForLog } = await import('../../jobs/nats/log-holder.js');
  const { prefix } = jobs.config.events;
  const stop = AbortSignal.any([stopSignal(), io.gone]);
  let place: { readonly file: number; readonly offset: number } | undefined;
  while (!stop.aborted) {
    const waitMs = options.follow === true ? WAIT_MS : 0;
    const body = { jobId, attempt: holder.attempt, waitMs, ...(place === undefined ? {} : { place }) };
    const asked = askForLog(requests, prefix, holder, body);
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
