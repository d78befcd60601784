import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../../core/errors.js';
import { within } from '../../core/within.js';
import { DEFAULT_PREFIX } from '../../events/subjects.js';
import { connectNats, type NatsConnection } from '../../nats/connection.js';
import { LinkRequests } from '../../nats/link-requests.js';
import { ToolLink } from '../../nats/tool-link.js';
import { DispatchClient } from './dispatch-client.js';
import type { JobHandler, JobWorker, JobWorkerOptions } from './options.js';
import { type LeasedJob, RunningJob } from './running-job.js';

/** How long a dispatcher is asked to wait for a job, in ms, and how much longer its answer may take. */
const WAIT_MS = 5000;
const ANSWER_MS = 15_000;
/** Pause before dispatchers are asked again after none gave a job at once, in ms. */
const PAUSE_MS = 1000;
/** Longest time that the end waits for a server that does not answer, in ms. */
const CLOSE_MS = 2000;

/** Options with their defaults. */
type Known = JobWorkerOptions & { readonly worker: string; readonly slots: number };

class Worker implements JobWorker {
  readonly #connection: NatsConnection;
  readonly #client: DispatchClient;
  readonly #o: Known;
  readonly #handler: JobHandler;
  readonly #jobs = new Set<RunningJob>();
  readonly #stopping = new AbortController();
  readonly #leasing: Promise<void>;
  #freed: () => void = () => {};
  #stopped: Promise<void> | undefined;
  #lastNotice = '';

  constructor(connection: NatsConnection, o: Known, handler: JobHandler) {
    this.#connection = connection;
    this.#client = new DispatchClient(new LinkRequests(new ToolLink(connection)), o.prefix ?? DEFAULT_PREFIX);
    this.#o = o;
    this.#handler = handler;
    this.#leasing = this.#lease();
  }

  get running(): readonly string[] {
    return [...this.#jobs].map(({ jobId }) => jobId);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    this.#freed();
    for (const job of this.#jobs) job.giveBack();
    await Promise.all([...this.#jobs].map(({ done }) => done));
    // A job that comes now is held by nobody: others get it when its lease is over.
    await within(this.#connection.drain(), CLOSE_MS).catch(() => undefined);
    await this.#connection.close();
    await this.#leasing;
  }

  /** Leases one job after the other, as long as there is a slot. */
  async #lease(): Promise<void> {
    const { signal } = this.#stopping;
    const { worker, templates, labels = {}, slots } = this.#o;
    while (!signal.aborted) {
      if (this.#jobs.size >= slots) {
        await new Promise<void>((resolve) => {
          this.#freed = resolve;
        });
        continue;
      }
      const body = { worker, templates, labels, waitMs: WAIT_MS };
      const reply = await this.#client.ask('lease', body, WAIT_MS + ANSWER_MS);
      if (signal.aborted) return;
      if (reply.kind === 'ok') {
        this.#notice('');
        if (isLeased(reply.body)) this.#run(reply.body);
        continue;
      }
      this.#notice(reply.text);
      await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #run(leased: LeasedJob): void {
    const job = new RunningJob(this.#client, leased, this.#handler, (text) => this.#notice(text));
    this.#jobs.add(job);
    void job.done.then(() => {
      this.#jobs.delete(job);
      this.#freed();
    });
  }

  #notice(text: string): void {
    if (text === this.#lastNotice) return;
    this.#lastNotice = text;
    if (text !== '') this.#o.onNotice?.(text);
  }
}

function isLeased(body: Readonly<Record<string, unknown>>): body is Readonly<Record<string, unknown>> & LeasedJob {
  const { jobId, attempt, token, leaseMs, snapshot } = body;
  return (
    typeof jobId === 'string' &&
    [attempt, token, leaseMs].every((each) => typeof each === 'number') &&
    typeof snapshot === 'object' &&
    snapshot !== null
  );
}

/** What a worker is called that does not say it. */
function defaultName(): string {
  const host = hostname().replace(/[^A-Za-z0-9_-]/g, '-');
  return `${host.slice(0, 48)}-${process.pid}`;
}

function check(isRight: boolean, name: string, expected: string): void {
  if (!isRight) throw new SluiceError('ERR_EVENTS_OPTION', `${name}; expected ${expected}`);
}

/**
 * Takes jobs of templates and runs a handler for each, until it is stopped. Its beats go on beside the handlers, as
 * long as those do not block the event loop. While NATS is away, handlers go on: only one attempt of a job gets the
 * media, whoever believes to have it.
 *
 * @throws SluiceError ERR_EVENTS_OPTION, ERR_EVENTS_NATS_OPTIONS, ERR_EVENTS_UNREACHABLE when no server answers
 */
async function worker(options: JobWorkerOptions, handler: JobHandler): Promise<JobWorker> {
  const { url = 'nats://127.0.0.1:4222', templates, slots = 1, worker: name = defaultName() } = options;
  const areNames = Array.isArray(templates) && templates.every((each) => /^[a-z0-9-]{1,48}$/.test(each));
  check(areNames && templates.length >= 1 && templates.length <= 64, 'templates', '1 to 64 names of templates');
  check(Number.isSafeInteger(slots) && slots >= 1 && slots <= 1000, 'slots', '1 to 1000');
  check(/^[A-Za-z0-9_-]{1,64}$/.test(name), 'worker', '1 to 64 letters, digits, _ and -');
  const { prefix: _prefix, labels: _labels, onNotice: _notice, ...rest } = options;
  const nats = { name: 'sluice worker', ...rest, urls: typeof url === 'string' ? [url] : url };
  return new Worker(await connectNats(nats), { ...options, slots, worker: name }, handler);
}

/** Jobs that run outside of `sluice jobs run`. */
export const jobs = { worker } as const;
