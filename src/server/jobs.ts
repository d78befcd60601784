import { hostname } from 'node:os';
import type { Config } from '../config/table.js';
import type { Facts, JobControl } from '../control/ports.js';
import type { Clock } from '../core/clock.js';
import { SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { EventLayer } from '../events/event-layer.js';
import { type Acted, type JobActs, unknownJob } from '../jobs/desk/job-acts.js';
import { JobDesk } from '../jobs/desk/job-desk.js';
import { withNatsActs } from '../jobs/nats/nats-acts.js';
import { natsJobStore } from '../jobs/nats/nats-job-store.js';
import { AnswerTimeout } from '../nats/answer-timeout.js';
import type { NatsConnection } from '../nats/connection.js';

/** What of the settings says where jobs are kept. */
export type JobPlaces = Pick<Config, 'events' | 'nats'>;

/** What control of jobs is made with. */
interface JobControlDeps {
  readonly eventLayer: Pick<EventLayer, 'bus'>;
  readonly nodeId: string;
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How long an answer of NATS is waited for, and at most, in ms. */
const [ANSWER_MS, MOST_ANSWER_MS] = [2000, 5000];

/**
 * Jobs in NATS, read and changed over the connection of the event layer when somebody asks for them. Nothing is kept.
 *
 * @returns undefined without NATS
 */
export function jobControlOf({ events, nats }: JobPlaces, deps: JobControlDeps): JobControl | undefined {
  const { bus } = deps.eventLayer;
  if (bus === undefined) return undefined;
  const { nodeId, bootId, clock, log } = deps;
  const answerTimeout = new AnswerTimeout(ANSWER_MS, MOST_ANSWER_MS);
  const connected = (): NatsConnection => {
    const { connection } = bus.link;
    if (connection === undefined) throw new SluiceError('ERR_CTL_BUS_DOWN', 'there is no connection');
    return connection;
  };
  const store = natsJobStore(connected, answerTimeout);
  const desk = new JobDesk(store);
  const logs = { store, requests: bus.requests, answerTimeout, prefix: events.prefix };
  const act = (work: (acts: JobActs) => Promise<Acted>) =>
    withNatsActs(
      {
        ...{ connection: connected(), answerTimeout, clock, log, replicas: nats.replicas },
        places: { prefix: events.prefix, stream: events.stream, nodesBucket: 'SLUICE_NODES' },
        teller: { prefix: events.prefix, runnerId: nodeId, bootId, host: hostname() },
      },
      work,
    ).then(({ isAlready, job }) => ({ done: isAlready ? ('already' as const) : ('done' as const), job: asFacts(job) }));
  return {
    list: async (selector, limit, cursor) => {
      const page = await desk.list(selector, limit, cursor);
      return { jobs: page.jobs.map(asFacts), ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
    },
    get: async (jobId) => {
      const job = await desk.get(jobId);
      if (job === undefined) throw unknownJob(jobId);
      return asFacts(job);
    },
    stop: async (jobId) => act((acts) => acts.stop(jobId)),
    retry: async (jobId) => act((acts) => acts.retry(jobId)),
    templates: async () => (await desk.templates()).map(asFacts),
    runners: async () => (await desk.runners()).map(asFacts),
    log: async (jobId, attempt, cursor) => {
      const { jobLog } = await import('./job-log.js');
      return jobLog({ ...logs, connection: connected() }, jobId, attempt, cursor);
    },
  };
}

/** What was read from NATS is JSON. */
function asFacts(value: object): Facts {
  return value as Facts;
}
