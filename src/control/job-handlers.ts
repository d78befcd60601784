import { SluiceError } from '../core/errors.js';
import type { InputOf } from './operations.js';
import type { Facts, JobControl, JobSelector, Ports } from './ports.js';

type JobVerb = 'jobs.list' | 'jobs.get' | 'jobs.log' | 'jobs.stop' | 'jobs.retry' | 'jobs.templates' | 'jobs.runners';

/** What the operations on jobs do. */
export const JOB_HANDLERS: { readonly [V in JobVerb]: (ports: Ports, input: InputOf<V>) => Promise<Facts> } = {
  'jobs.list': async (ports, { limit, cursor, ...selector }) => {
    const page = await jobsOf(ports).list(selector as JobSelector, limit, cursor);
    return { jobs: page.jobs, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
  },
  'jobs.get': (ports, { jobId }) => jobsOf(ports).get(jobId),
  'jobs.log': (ports, { jobId, attempt, cursor }) => jobsOf(ports).log(jobId, attempt, cursor),
  'jobs.stop': async (ports, { jobId }) => acted(await jobsOf(ports).stop(jobId)),
  'jobs.retry': async (ports, { jobId }) => acted(await jobsOf(ports).retry(jobId)),
  'jobs.templates': async (ports) => ({ templates: await jobsOf(ports).templates() }),
  'jobs.runners': async (ports) => ({ runners: await jobsOf(ports).runners() }),
};

/** @throws SluiceError ERR_JOB_NEEDS_NATS */
function jobsOf({ jobs }: Ports): JobControl {
  if (jobs === undefined) throw new SluiceError('ERR_JOB_NEEDS_NATS', 'nats.url is not set on this node');
  return jobs;
}

function acted({ done, job }: { readonly done: 'done' | 'already'; readonly job: Facts }): Facts {
  return { ...(done === 'already' ? { already: true } : {}), job };
}
