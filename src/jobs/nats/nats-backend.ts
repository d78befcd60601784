import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import { AnswerTimeout } from '../../nats/answer-timeout.js';
import type { NatsConnection } from '../../nats/connection.js';
import { LinkRequests } from '../../nats/link-requests.js';
import type { NatsMessage, NatsRequests } from '../../nats/requests.js';
import { ToolLink } from '../../nats/tool-link.js';
import { Dispatcher } from '../dispatch/dispatcher.js';
import type { StreamListener } from '../ports.js';
import type { JobRecord } from '../record/record.js';
import type { StartQueued } from '../run/start-run.js';
import type { Backend, JobRunner } from '../runner/runner.js';
import type { RunnerState } from '../runner/runner-state.js';
import type { Teller } from '../tell/job-event.js';
import type { JobTemplate } from '../template/template.js';
import { BucketMirror } from './bucket-mirror.js';
import { DispatchService } from './dispatch-service.js';
import { NatsJobTeller } from './job-events.js';
import { JOB_BUCKETS } from './nats-job-store.js';
import { type NatsPlaces, NatsStreams, wantOf } from './nats-streams.js';
import { queueStarter } from './queued-run.js';
import { Ring } from './ring.js';

/** What the backend is made with. */
interface NatsBackendDeps {
  readonly connection: NatsConnection;
  readonly places: NatsPlaces;
  readonly replicas: number;
  readonly teller: Teller;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called with each event of a job that is told. @param json as it is stored */
  readonly onTold?: ((json: Buffer) => void) | undefined;
}

/** How long an answer of JetStream is waited for, in ms: the least, and the most once answers have taken longer. */
const ANSWER_MS = 2000;
const LONGEST_ANSWER_MS = 10_000;
const CLOSE_MS = 2000;

/** The buckets of jobs. */
function jobBuckets(connection: NatsConnection, replicas: number, log: Logger) {
  const answerTimeout = new AnswerTimeout(ANSWER_MS, LONGEST_ANSWER_MS);
  return {
    answerTimeout,
    jobs: new BucketMirror<JobRecord>(connection, { ...JOB_BUCKETS.jobs, replicas }, answerTimeout, log),
    runners: new BucketMirror<RunnerState>(connection, { ...JOB_BUCKETS.runners, replicas }, answerTimeout, log),
    templates: new BucketMirror<JobTemplate>(connection, { ...JOB_BUCKETS.templates, replicas }, answerTimeout, log),
  };
}

/** Records in buckets, streams of all nodes, any number of runners. */
export class NatsBackend implements Backend {
  readonly jobs: BucketMirror<JobRecord>;
  readonly templates: BucketMirror<JobTemplate>;
  readonly runners: BucketMirror<RunnerState>;
  readonly streams: NatsStreams;
  readonly tell: NatsJobTeller;
  readonly requests: NatsRequests;
  readonly #deps: NatsBackendDeps;
  readonly #answerTimeout: AnswerTimeout;
  readonly #stopping = new AbortController();

  constructor(deps: NatsBackendDeps) {
    const { connection, places, replicas, teller, clock, log, onTold } = deps;
    this.#deps = deps;
    this.requests = new LinkRequests(new ToolLink(connection));
    const { answerTimeout, jobs, runners, templates } = jobBuckets(connection, replicas, log);
    this.#answerTimeout = answerTimeout;
    this.jobs = jobs;
    this.runners = runners;
    this.templates = templates;
    this.streams = new NatsStreams(connection, this.requests, places, answerTimeout);
    this.tell = new NatsJobTeller({ connection, teller, replicas, answerTimeout, clock, log, onTold });
  }

  async follow(listener: StreamListener, compare: () => void, interrupted: () => void): Promise<void> {
    const { connection, places, log } = this.#deps;
    const { signal } = this.#stopping;
    void this.#watchConnection(compare, interrupted);
    const mirrors = [this.templates, this.runners, this.jobs];
    for (const mirror of mirrors) void mirror.follow(signal);
    const trouble = await this.tell.ensure();
    if (trouble !== undefined) log.warn({ cause: trouble }, 'jobs: events cannot be told yet');
    while (!signal.aborted && mirrors.some(({ isComplete }) => !isComplete)) await pause(20);
    if (signal.aborted) return;
    this.#subscribe(listener);
    const ring = new Ring({
      ...{ connection, stream: places.stream, prefix: places.prefix, answerTimeout: this.#answerTimeout, log },
      take: (news) => listener.news(news),
      begun: compare,
    });
    void ring.follow(signal);
  }

  /** Publishes jobs of templates with `queue`. @param leaseMs `jobs.leaseMs` */
  queueStarter(leaseMs: number): StartQueued {
    return queueStarter({ connection: this.#deps.connection, answerTimeout: this.#answerTimeout, leaseMs });
  }

  /** Begins to give jobs to workers outside. @param runner a runner of this backend that has started */
  dispatch(
    { book, templates }: Pick<JobRunner, 'book' | 'templates'>,
    { leaseMs, version }: { readonly leaseMs: number; readonly version: string },
  ): DispatchService {
    const { places, teller, clock, log } = this.#deps;
    const { streams, tell, runners, requests } = this;
    const dispatcher = new Dispatcher({ book, templates, runners, streams, tell, clock, log, leaseMs });
    const { runnerId, bootId } = teller;
    return new DispatchService({
      ...{ dispatcher, requests, prefix: places.prefix, runnerId, bootId, version, clock, log },
    });
  }

  async close(): Promise<void> {
    await this.tell.close(CLOSE_MS);
    this.#stopping.abort();
    await pause(0);
    await this.#deps.connection.close();
  }

  /** Signals are not stored: what is missed is found when streams and records are compared. */
  #subscribe(listener: StreamListener): void {
    const { prefix } = this.#deps.places;
    const want = (take: (value: NonNullable<ReturnType<typeof wantOf>>) => void) => (message: NatsMessage) => {
      const found = wantOf(jsonOf(message.body));
      if (found !== undefined) take(found);
    };
    this.requests.subscribe(
      `${prefix}.want.*.*.wanted`,
      undefined,
      want((found) => listener.wanted(found)),
    );
    this.requests.subscribe(
      `${prefix}.want.*.*.unwanted`,
      undefined,
      want((found) => listener.unwanted(found)),
    );
    for (const [verb, isFlowing] of FLOW) {
      this.requests.subscribe(`${prefix}.evt.*.*.*.stream.${verb}.*`, undefined, ({ subject }) => {
        const streamId = subject.split('.').at(-4);
        if (streamId !== undefined) listener.flowing(streamId, isFlowing);
      });
    }
  }

  async #watchConnection(compare: () => void, interrupted: () => void): Promise<void> {
    for await (const { type } of this.#deps.connection.status()) {
      if (type === 'disconnect') interrupted();
      if (type !== 'reconnect') continue;
      interrupted();
      compare();
    }
  }
}

/** Events that say whether media of a stream is to be expected. */
const FLOW = [
  ['suspended', false],
  ['stalled', false],
  ['resumed', true],
  ['recovered', true],
] as const;

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
