import { SluiceError } from '../../../src/core/errors.js';
import { createLogger, type Logger } from '../../../src/core/log.js';
import { Dispatcher } from '../../../src/jobs/dispatch/dispatcher.js';
import type { LiveStreamFacts, StreamListener, Streams, TicketAnswer, Want } from '../../../src/jobs/ports.js';
import type { JobRecord } from '../../../src/jobs/record/record.js';
import type { Run, RunEnd, RunOrder } from '../../../src/jobs/run/run.js';
import { type Backend, JobRunner, type RunnerOptions } from '../../../src/jobs/runner/runner.js';
import type { RunnerState } from '../../../src/jobs/runner/runner-state.js';
import type { JobTeller } from '../../../src/jobs/tell/tell.js';
import { templateFromJson } from '../../../src/jobs/template/parse.js';
import type { JobTemplate } from '../../../src/jobs/template/template.js';
import type { RunProgress } from '../../../src/model/run-progress.js';
import { seeded } from '../random.js';
import { SharedBucket, type SharedTable } from './shared-table.js';

/** A run that does what a test says. */
export class FakeRun implements Run {
  readonly pid = 1;
  readonly shown: readonly string[] = ['fake'];
  progress: RunProgress = {};
  readonly done: Promise<RunEnd>;
  readonly order: RunOrder;
  /** How it was asked to stop, in order. */
  readonly asked: string[] = [];
  accepted = false;
  rejected: string | undefined;
  flowing: boolean | undefined;
  isOver = false;
  /** Whether it goes on when it is asked to end. */
  ignoresStop = false;
  #resolve: (end: RunEnd) => void = () => {};

  constructor(order: RunOrder) {
    this.order = order;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  expectProgress(isExpected: boolean): void {
    this.flowing = isExpected;
  }

  /** A program that ends when it is told. */
  stop(how: 'afterEof' | 'now' | 'kill'): void {
    this.asked.push(how);
    if (this.ignoresStop) return;
    this.end(how === 'afterEof' ? { kind: 'exit', exit: 0 } : { kind: 'asked', exit: 255 });
  }

  end(end: RunEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#resolve(end);
  }
}

/** One runner of a {@link JobsWorld}. */
export interface WorldRunner {
  readonly runner: JobRunner;
  readonly runs: FakeRun[];
  readonly jobs: SharedTable<JobRecord>;
  readonly runners: SharedTable<RunnerState>;
  /** What it was told to listen with. */
  readonly listener: () => StreamListener;
  /** Gives jobs to workers outside with what this runner knows. */
  readonly dispatcher: Dispatcher;
  /** Takes NATS away from it, or gives it back. */
  cut(isCut: boolean): void;
}

/** Streams, buckets and runners in one process. Heartbeats are short; nothing else is timed. */
export class JobsWorld {
  readonly jobs = new SharedBucket<JobRecord>();
  readonly templates = new SharedBucket<JobTemplate>();
  readonly runnerStates = new SharedBucket<RunnerState>();
  readonly live = new Map<string, LiveStreamFacts>();
  readonly ended = new Set<string>();
  readonly active = new Map<string, boolean>();
  readonly wanted = new Map<string, Want>();
  /** The highest token of each job for which a ticket was given. */
  readonly tickets = new Map<string, number>();
  /** Events that were told, `verb jobId/attempt`. */
  readonly told: string[] = [];
  /** How often streams were listed to be compared with the records. */
  compared = 0;
  ticketTrouble: TicketAnswer | undefined;
  /** Where streams are pulled from. */
  host = '127.0.0.1';
  readonly #dispatchers: Dispatcher[] = [];
  readonly #runners: WorldRunner[] = [];
  readonly #log: Logger = createLogger({ level: 'silent' });
  readonly #random: () => number;

  constructor(seed = 1) {
    this.#random = seeded(seed);
  }

  /** Adds a template; what is left out has its default. */
  template(value: Readonly<Record<string, unknown>>): void {
    const read = templateFromJson({ ...DEFAULTS, ...value });
    if (read.template === undefined) throw new Error(JSON.stringify(read.problems));
    this.templates.put(read.template.name, read.template);
  }

  /** Removes a template. */
  removeTemplate(name: string): void {
    this.templates.values.delete(name);
    for (const view of this.templates.views) view.deliver(name);
  }

  async start(o: Partial<RunnerOptions> = {}, aheadMs = 0, jumpedMs = () => 0): Promise<WorldRunner> {
    const runs: FakeRun[] = [];
    const [jobs, templates, runners] = [this.jobs.view(), this.templates.view(), this.runnerStates.view()];
    let listener: StreamListener | undefined;
    const backend: Backend = {
      ...{ jobs, templates, runners, streams: this.#streams(() => isCut), tell: this.#teller() },
      follow: async (given) => {
        listener = given;
      },
      close: async () => {},
    };
    const runnerId = o.runnerId ?? `r${this.#runners.length + 1}`;
    const options: RunnerOptions = { ...OPTIONS, ...o, runnerId };
    const start = async (order: RunOrder) => {
      const run = new FakeRun(order);
      runs.push(run);
      const accept = async (): Promise<undefined> => {
        run.accepted = true;
      };
      const reject = async (reason: string): Promise<void> => {
        run.rejected = reason;
      };
      return { run, accept, reject };
    };
    let isCut = false;
    const clock = { wallMs: () => Date.now() + aheadMs, monotonicMs: () => performance.now() + jumpedMs() };
    const runner = new JobRunner(options, { backend, clock, log: this.#log, random: this.#random, start });
    const cut = (now: boolean): void => {
      isCut = now;
      for (const table of [jobs, templates, runners]) table.isCut = now;
    };
    const { book, templates: held } = runner;
    const { streams, tell } = backend;
    const { leaseMs } = options;
    const dispatcher = new Dispatcher({
      ...{ book, templates: held, runners, streams, tell, clock, log: this.#log, leaseMs },
    });
    this.#dispatchers.push(dispatcher);
    const added = { runner, runs, dispatcher, jobs, runners, listener: () => listener!, cut };
    this.#runners.push(added);
    await runner.start();
    return added;
  }

  /** A stream becomes ready, and one of the runners is told. */
  async ready(streamId: string, name: string, facts: Partial<LiveStreamFacts['facts']> = {}): Promise<void> {
    const whole = { streamId, app: 'live', name, labels: {}, ...facts };
    this.live.set(streamId, { streamId, app: 'live', name, state: 'ready', facts: whole, sequence: 2 });
    await this.tell('ready', streamId, name, 2, { tracks: [], timeToReadyMs: 1 });
  }

  /** A stream ends. */
  async end(streamId: string): Promise<void> {
    const name = this.live.get(streamId)?.name ?? '';
    this.live.delete(streamId);
    this.ended.add(streamId);
    await this.tell('ended', streamId, name, 9, {});
  }

  /** Tells one of the runners that are not cut off, as the ring does. */
  async tell(
    verb: string,
    streamId: string,
    name: string,
    sequence: number,
    data: Record<string, unknown>,
  ): Promise<void> {
    const news = { verb, streamId, app: 'live', name, sequence, time: new Date().toISOString(), data };
    for (const { listener } of this.#runners) {
      try {
        await listener().news(news);
        return;
      } catch {
        // The next one gets it.
      }
    }
  }

  /** Records by job id. */
  record(streamId: string, template: string): JobRecord | undefined {
    return this.jobs.values.get(`${streamId}.${template}`)?.value;
  }

  async close(): Promise<void> {
    for (const dispatcher of this.#dispatchers) dispatcher.drain();
    await Promise.all(this.#runners.map(({ runner }) => runner.close()));
  }

  #streams(isCut: () => boolean): Streams {
    const check = (): void => {
      if (isCut()) throw new SluiceError('ERR_JOB_STORE', 'cut off');
    };
    return {
      live: async () => {
        check();
        this.compared += 1;
        return [...this.live.values()];
      },
      stream: async ({ streamId }) => {
        check();
        return this.live.get(streamId);
      },
      named: async (app, name) => [...this.live.values()].find((each) => each.app === app && each.name === name),
      hasEnded: async (streamId) => {
        check();
        return this.ended.has(streamId);
      },
      endedOf: async (streamIds) => {
        check();
        return new Set(streamIds.filter((streamId) => this.ended.has(streamId)));
      },
      isActive: async ({ streamId }) => this.active.get(streamId),
      wants: async () => [...this.wanted.values()],
      ticket: async (streamId, template, token) => {
        if (isCut()) return { kind: 'unavailable', text: 'cut off' };
        if (this.ticketTrouble !== undefined) return this.ticketTrouble;
        if (this.ended.has(streamId)) return { kind: 'gone', text: 'ended' };
        const key = `${streamId}.${template}`;
        const entry = this.jobs.values.get(key);
        if (entry?.revision !== token && entry?.value.token !== token) return { kind: 'fenced', text: 'older' };
        this.tickets.set(key, Math.max(token, this.tickets.get(key) ?? 0));
        return { kind: 'ticket', url: `rtmp://${this.host}/live/x?jt=${token}` };
      },
    };
  }

  #teller(): JobTeller {
    const tell = (verb: string, { streamId, template }: JobRecord, attempt: number): void => {
      this.told.push(`${verb} ${streamId ?? 'want'}/${template}/${attempt}`);
    };
    return {
      requested: (record) => tell('requested', record, 0),
      started: (record) => tell('started', record, record.attempt),
      ended: (record) => tell(record.last?.outcome ?? 'nothing', record, record.last?.attempt ?? 0),
      progress: ({ streamId, template }, progress) => {
        this.told.push(`progress ${streamId}/${template} ${JSON.stringify(progress)}`);
      },
      ensureEnd: async () => {},
    };
  }
}

const DEFAULTS = { match: {}, run: { exec: ['true', '{url}'] } };

const OPTIONS: Omit<RunnerOptions, 'runnerId'> = {
  slots: 100,
  labels: {},
  ...{ leaseMs: 60_000, keepMs: 3_600_000, compareMs: 600_000, onIsolated: 'keep', waits: false },
};
