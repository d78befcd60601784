import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../config/table.js';
import { systemClock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import { createLogger, type Logger } from '../../core/log.js';
import type { JobActs } from '../../jobs/desk/job-acts.js';
import { JobDesk, type JobStore, type ReadableTable } from '../../jobs/desk/job-desk.js';
import { readFileTable } from '../../jobs/http/file-table.js';
import { isJobRecord } from '../../jobs/record/record.js';
import { isRunnerState } from '../../jobs/runner/runner-state.js';
import { isStoredTemplate } from '../../jobs/runner/template-set.js';
import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import type { NatsConnection } from '../../nats/connection.js';
import type { NatsRequests } from '../../nats/requests.js';
import { configFrom } from '../config-flags.js';
import type { Io } from '../io.js';

/** Flags of every command for jobs that are there: where they are kept, and how to print. */
export interface JobsOptions {
  readonly nats?: string;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly [attribute: string]: unknown;
}

/** Jobs as they are kept: in NATS, or in the data folder of one runner. */
export interface OpenJobs {
  readonly desk: JobDesk;
  readonly store: JobStore;
  readonly config: Config;
  /** `<data>/jobs`, of a runner without NATS. */
  readonly folder: string;
  /** Undefined: they are in a folder. */
  readonly nats: JobsInNats | undefined;
}

/** What can be done with jobs in NATS besides reading. */
interface JobsInNats {
  readonly connection: NatsConnection;
  readonly requests: NatsRequests;
  readonly answerTimeout: AnswerTimeout;
  readonly log: Logger;
  act<T>(work: (acts: JobActs) => Promise<T>): Promise<T>;
}

/** How long an answer of JetStream is waited for, in ms: the least and the most. */
const [ANSWER_MS, MOST_ANSWER_MS] = [2000, 10_000];

/**
 * Opens jobs where the flags and settings say that they are: in NATS, or with `--data`, and without NATS in the
 * settings, in a data folder.
 *
 * @throws SluiceError ERR_CONFIG_*, ERR_CLI_USAGE, ERR_EVENTS_UNREACHABLE, ERR_EVENTS_NATS_OPTIONS
 */
export async function withJobs<T>(options: JobsOptions, io: Io, work: (jobs: OpenJobs) => Promise<T>): Promise<T> {
  if (options.nats !== undefined && options.data !== undefined)
    throw new SluiceError('ERR_CLI_USAGE', 'one of --nats and --data was expected');
  const { config } = configFrom(options, io);
  if (config.nats.url === '' || options.data !== undefined) {
    const folder = join(config.data, 'jobs');
    const store = folderStore(folder);
    return work({ desk: new JobDesk(store), store, config, folder, nats: undefined });
  }
  return inNats(config, work);
}

/**
 * The jobs in NATS, for what is not possible without.
 *
 * @param instead what can be done without NATS
 * @throws SluiceError ERR_JOB_NEEDS_NATS
 */
export function inNatsOnly({ nats }: OpenJobs, what: string, instead: string): JobsInNats {
  if (nats !== undefined) return nats;
  throw new SluiceError('ERR_JOB_NEEDS_NATS', `${what} is not possible on a data folder; ${instead}`);
}

async function inNats<T>(config: Config, work: (jobs: OpenJobs) => Promise<T>): Promise<T> {
  const [{ connectNats }, { AnswerTimeout }, { LinkRequests }, { ToolLink }, { natsJobStore }, { withNatsActs }, opts] =
    await Promise.all([
      import('../../nats/connection.js'),
      import('../../nats/answer-timeout.js'),
      import('../../nats/link-requests.js'),
      import('../../nats/tool-link.js'),
      import('../../jobs/nats/nats-job-store.js'),
      import('../../jobs/nats/nats-acts.js'),
      import('../../server/options.js'),
    ]);
  const connection = await connectNats({ ...(opts.eventsOptions(config).nats ?? { urls: [] }), name: 'sluice jobs' });
  try {
    const log = createLogger(config.log);
    const answerTimeout = new AnswerTimeout(ANSWER_MS, MOST_ANSWER_MS);
    const requests = new LinkRequests(new ToolLink(connection));
    const store = natsJobStore(() => connection, answerTimeout);
    const { prefix, stream } = config.events;
    const deps = {
      ...{ connection, answerTimeout, log, clock: systemClock, replicas: config.nats.replicas },
      places: { prefix, stream, nodesBucket: 'SLUICE_NODES' },
      teller: { prefix, runnerId: 'cli', bootId: newId(), host: hostname() },
    };
    const nats: JobsInNats = {
      ...{ connection, requests, answerTimeout, log },
      act: (acts) => withNatsActs(deps, acts),
    };
    return await work({ desk: new JobDesk(store), store, config, folder: join(config.data, 'jobs'), nats });
  } finally {
    await connection.close();
  }
}

/** What a runner without NATS keeps. */
function folderStore(folder: string): JobStore {
  return {
    jobs: new FolderReader(join(folder, 'records'), isJobRecord),
    templates: new FolderReader(join(folder, 'templates'), isStoredTemplate),
    runners: new FolderReader(join(folder, 'runners'), isRunnerState),
  };
}

/** A table in a folder, read once. */
class FolderReader<T> implements ReadableTable<T> {
  readonly #read: () => ReturnType<typeof readFileTable<T>>;
  #entries: ReturnType<typeof readFileTable<T>> | undefined;

  constructor(folder: string, isValue: (value: unknown) => value is T) {
    this.#read = () =>
      readFileTable(folder, isValue).catch((error: Error) => {
        throw new SluiceError('ERR_JOB_STORE', error.message, { cause: error });
      });
  }

  async keys(): Promise<readonly string[]> {
    this.#entries ??= this.#read();
    return [...(await this.#entries).keys()];
  }

  async read(key: string) {
    this.#entries ??= this.#read();
    return (await this.#entries).get(key);
  }
}
