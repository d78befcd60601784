import { SluiceError } from '../../core/errors.js';
import { cleanText } from '../../core/log-fields.js';
import type { Acted } from '../../jobs/desk/job-acts.js';
import { parseTemplates } from '../../jobs/template/parse.js';
import { readTemplateFiles } from '../../jobs/template/read-files.js';
import { reportProblem } from '../control/report.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { allJobs } from './list.js';
import { inNatsOnly, type JobsOptions, withJobs } from './open-jobs.js';
import { durationOf } from './values.js';

/** Options of `sluice jobs apply`, `rm` and `drain`. */
export interface JobsActOptions extends JobsOptions {
  readonly file?: readonly string[];
  readonly stop?: boolean;
  readonly deadline?: string;
}

/** Runners may know a removed template for a moment, and make jobs of it: those are looked for so often. */
const LOOKS = 2;

/** `sluice jobs stop JOB`. @returns the exit code, as all functions of this file */
export function jobsStop(jobId: string, options: JobsOptions, io: Io): Promise<number> {
  return withJobs(options, io, async (jobs) => {
    const instead = 'kick its stream, or end the runner, which hands its jobs over';
    const acted = await inNatsOnly(jobs, 'to stop a job', instead).act((acts) => acts.stop(jobId));
    return tell(acted, acted.job.state === 'done' ? 'is stopped' : 'is being stopped', options, io);
  });
}

/** `sluice jobs retry JOB`. */
export function jobsRetry(jobId: string, options: JobsOptions, io: Io): Promise<number> {
  return withJobs(options, io, async (jobs) => {
    const nats = inNatsOnly(jobs, 'to try a job again', 'restart the runner after its stream has been started anew');
    return tell(await nats.act((acts) => acts.retry(jobId)), 'is open again', options, io);
  });
}

/** `sluice jobs apply -f FILE…`: stores templates that are new or changed. */
export async function jobsApply(options: JobsActOptions, io: Io): Promise<number> {
  const templates = parseTemplates(readTemplateFiles(options.file ?? []));
  return withJobs(options, io, async (jobs) => {
    const { connection, answerTimeout, log } = inNatsOnly(jobs, 'to apply templates', 'jobs run -f FILE applies them');
    const [{ applyTemplates }, { BucketMirror }, { JOB_BUCKETS }] = await Promise.all([
      import('./nats-backend.js'),
      import('../../jobs/nats/bucket-mirror.js'),
      import('../../jobs/nats/nats-job-store.js'),
    ]);
    const { replicas } = jobs.config.nats;
    const bucket = new BucketMirror(connection, { ...JOB_BUCKETS.templates, replicas }, answerTimeout, log);
    await bucket.ensure();
    const stored = await applyTemplates(bucket, templates);
    if (options.json === true) io.out(`${JSON.stringify({ ok: true, stored, templates: templates.length })}\n`);
    else {
      for (const name of stored) io.out(`${name}: applied\n`);
      if (stored.length < templates.length) io.out(`${templates.length - stored.length} are as they were\n`);
    }
    return EXIT.ok;
  });
}

/** `sluice jobs rm TEMPLATE [--stop]`. */
export async function jobsRm(name: string, options: JobsActOptions, io: Io): Promise<number> {
  if (!/^[a-z0-9-]{1,48}$/.test(name))
    throw new SluiceError('ERR_CLI_USAGE', `${name}; expected the name of a template: a-z, 0-9 and -`);
  return withJobs(options, io, async (jobs) => {
    const nats = inNatsOnly(jobs, 'to remove a template', 'remove its file from templates/ of the folder, and restart');
    const { removeTemplate } = await import('../../jobs/nats/nats-job-store.js');
    const { connection, answerTimeout } = nats;
    const isRemoved = await removeTemplate(connection, jobs.store.templates, name, answerTimeout);
    if (!isRemoved && options.stop !== true) throw new SluiceError('ERR_JOB_TEMPLATE_UNKNOWN', name);
    let stopped = 0;
    for (let look = 0; options.stop === true && look < LOOKS; look++) {
      const found = await allJobs(jobs, { template: name });
      stopped += await nats.act((acts) => acts.stopAll(found));
    }
    if (options.json === true) io.out(`${JSON.stringify({ ok: true, removed: isRemoved, stopped })}\n`);
    else {
      io.out(`${name}: ${isRemoved ? 'removed' : 'there was no such template'}`);
      io.out(options.stop === true ? `, ${stopped} jobs stopped\n` : '; its jobs go on (--stop ends them)\n');
    }
    return EXIT.ok;
  });
}

/** `sluice jobs drain RUNNER`: it hands its jobs over, or waits for them, as it was started, and ends. */
export function jobsDrain(runnerId: string, options: JobsActOptions, io: Io): Promise<number> {
  const deadlineMs = options.deadline === undefined ? undefined : durationOf(options.deadline, '--deadline', 0);
  return withJobs(options, io, async (jobs) => {
    const { requests } = inNatsOnly(jobs, 'to drain a runner', 'send it SIGTERM');
    const { askRunner } = await import('../../jobs/nats/runner-client.js');
    const body = deadlineMs === undefined ? {} : { deadlineMs };
    const outcome = await askRunner(requests, jobs.config.events.prefix, runnerId, 'drain', body);
    if (!outcome.ok) return reportProblem(outcome.problem, options, io);
    const { already, used } = outcome.answer;
    if (options.json === true) io.out(`${JSON.stringify(outcome.answer)}\n`);
    else
      io.out(
        cleanText(`${already === true ? 'already so: ' : ''}${runnerId} drains, ${String(used)} jobs`).concat('\n'),
      );
    return EXIT.ok;
  });
}

function tell({ isAlready, job }: Acted, what: string, { json }: JobsOptions, io: Io): number {
  if (json === true) io.out(`${JSON.stringify({ ok: true, ...(isAlready ? { already: true } : {}), job })}\n`);
  else
    io.out(
      cleanText(
        `${isAlready ? `already so: it is ${job.state}:` : ''} ${job.jobId} ${isAlready ? '' : what}`.trim(),
      ).concat('\n'),
    );
  return EXIT.ok;
}
