import { hostname } from 'node:os';
import type { Clock } from '../../core/clock.js';
import { newId } from '../../core/ids.js';
import type { Logger } from '../../core/log.js';
import { within } from '../../core/within.js';
import type { RunProgress } from '../../model/run-progress.js';
import type { StreamListener, Streams } from '../ports.js';
import { type JobRecord, jobIdOf } from '../record/record.js';
import type { RunOrder } from '../run/run.js';
import type { Table } from '../table.js';
import type { JobTeller } from '../tell/tell.js';
import type { JobTemplate } from '../template/template.js';
import { Attempt, type AttemptOutcome } from './attempt.js';
import type { StartedRun } from './attempt-parts.js';
import { Claims } from './claims.js';
import { JobBook, type JobEntry } from './job-book.js';
import { Lease } from './lease.js';
import { LeaseWatch, WATCH_MS } from './lease-watch.js';
import { Reconcile } from './reconcile.js';
import { Requests } from './requests.js';
import type { RunnerState } from './runner-state.js';
import { type HeldTemplate, TemplateSet } from './template-set.js';

/** Where a runner keeps its records, and whose streams it follows: NATS, or one server over HTTP. */
export interface Backend {
  readonly jobs: Table<JobRecord>;
  readonly templates: Table<JobTemplate>;
  /** Undefined: there is one runner only. */
  readonly runners: Table<RunnerState> | undefined;
  readonly streams: Streams;
  readonly tell: JobTeller;
  /**
   * Begins to follow streams and records. Resolves when the records are known.
   *
   * @param compare streams and records are to be compared: something may have been missed
   * @param interrupted heartbeats of others may have been missed
   */
  follow(listener: StreamListener, compare: () => void, interrupted: () => void): Promise<void>;
  close(): Promise<void>;
}

/** Settings of a runner. Times in ms. */
export interface RunnerOptions {
  readonly runnerId: string;
  readonly slots: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly leaseMs: number;
  /** Jobs that are over are forgotten so long after the end of their stream. */
  readonly keepMs: number;
  /** What becomes of runs while no heartbeat is acknowledged. `keep`: those that pull by ticket go on. */
  readonly onIsolated: 'keep' | 'stop';
  /** How often streams and records are compared. */
  readonly compareMs: number;
  /** Whether the runner waits for its jobs when it drains, instead of handing them over. */
  readonly waits: boolean;
}

/** What a runner is made with. */
interface RunnerDeps {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly start: (order: RunOrder) => Promise<StartedRun>;
}

/** A moment in which several reasons to compare are one, in ms. */
const COMPARE_SOON_MS = 50;
/** Before a comparison that failed is tried again, in ms. */
const COMPARE_AGAIN_MS = 2000;
/** A runner does not trust itself after 0.8 of its lease; so much of it later nothing may run any more. */
const LAST_PART = 0.15;
/**
 * A stream that is in no list of live ones for so long is over although no end of it is stored: longer than a node
 * takes to be found lost, and to tell its ends once NATS is back.
 */
const GONE_MS = 600_000;
/** Longest time that the end of a runner waits for its last words, in ms. */
const CLOSE_MS = 3000;

/** A process that runs jobs: takes open ones, runs them, and takes over what lost runners held. */
export class JobRunner {
  readonly book: JobBook;
  readonly templates: TemplateSet;
  readonly #o: RunnerOptions;
  readonly #deps: RunnerDeps;
  readonly #requests: Requests;
  readonly #reconcile: Reconcile;
  readonly #claims: Claims;
  readonly #watch: LeaseWatch | undefined;
  readonly #attempts = new Map<string, Attempt>();
  readonly #outcomes = new Map<AttemptOutcome, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #bootId = newId();
  #lease: Lease | undefined;
  #isDraining = false;
  #isClosed = false;
  #comparing: Promise<void> | undefined;
  #compareTimer: NodeJS.Timeout | undefined;
  #watchTimer: NodeJS.Timeout | undefined;

  constructor(o: RunnerOptions, deps: RunnerDeps) {
    this.#o = o;
    this.#deps = deps;
    const { backend, clock, log, random } = deps;
    const { streams, tell } = backend;
    this.book = new JobBook({ table: backend.jobs, streams, tell, clock, random });
    this.templates = new TemplateSet(backend.templates, (name, why) =>
      log.warn({ template: name, cause: why }, 'jobs: a template is refused'),
    );
    const later = (ms: number, work: () => Promise<void>): void => this.#later(ms, work);
    this.#requests = new Requests({ book: this.book, streams, templates: this.templates, later });
    this.#reconcile = new Reconcile({
      ...{ book: this.book, streams, requests: this.#requests, runners: backend.runners, tell, clock, log },
      ...{ keepMs: o.keepMs, goneMs: GONE_MS, isOwn: (by) => by === this.#key },
      isHere: (key) => this.#attempts.has(key) || this.#claims.isClaiming(key),
    });
    this.#claims = new Claims({
      ...{ book: this.book, templates: this.templates, clock, log, random, runnerId: o.runnerId },
      ...{ by: () => this.#key, slots: o.slots, labels: o.labels, used: () => this.#attempts.size },
      usedBy: (name) => [...this.#attempts.values()].filter(({ template }) => template.template.name === name).length,
      fitting: (template) => this.#fitting(template),
      mayClaim: () => !this.#isDraining && !this.#isClosed && (this.#lease?.isTrusted ?? backend.runners === undefined),
      doubted: () => this.#compareSoon(COMPARE_AGAIN_MS),
      run: (key, claim, template) => this.#run(key, claim, template),
    });
    this.#watch =
      backend.runners &&
      new LeaseWatch({ table: backend.runners, clock, log, lost: (key) => void this.#takeFrom(key) });
    backend.jobs.onChange((key, entry) => this.#attempts.get(key)?.seen(entry));
    this.templates.onChange(() => this.#compareSoon());
  }

  /** Jobs that run here. */
  get running(): Iterable<Attempt> {
    return this.#attempts.values();
  }

  /** Open jobs that are known here, and jobs that run here. */
  get counts(): { readonly open: number; readonly running: number } {
    return { open: this.#claims.open, running: this.#attempts.size };
  }

  /** Attempts that are over here, by what came of them. */
  get outcomes(): ReadonlyMap<AttemptOutcome, number> {
    return this.#outcomes;
  }

  /** What it takes jobs with, and whether it takes any. */
  get state(): { readonly state: 'up' | 'draining'; readonly slots: number; readonly bootId: string } {
    return { state: this.#isDraining ? 'draining' : 'up', slots: this.#o.slots, bootId: this.#bootId };
  }

  /** Begins. Resolves when it takes jobs. */
  async start(): Promise<void> {
    const { backend } = this.#deps;
    const listener: StreamListener = {
      news: (news) => this.#requests.news(news),
      wanted: (want) => this.#later(0, () => this.#requests.wanted(want)),
      unwanted: (of) => this.#requests.unwanted(of),
      flowing: (streamId, isFlowing) => {
        for (const attempt of this.#attempts.values()) if (attempt.streamId === streamId) attempt.flowing(isFlowing);
      },
    };
    const interrupted = (): void => this.#watch?.interrupted();
    await backend.follow(listener, () => this.#compareSoon(), interrupted);
    if (this.#isClosed) return;
    await this.#newLease();
    await this.#endEarlierBoots();
    if (this.#isClosed) return;
    if (this.#watch !== undefined) this.#watchTimer = setInterval(() => this.#look(), WATCH_MS);
    this.#compareSoon();
    this.#claims.pump();
  }

  /**
   * Takes no more jobs, and gives those back that run, or waits for them.
   *
   * @param deadlineMs after so long what still runs is handed over as well
   */
  async drain(deadlineMs: number): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    const { log } = this.#deps;
    log.info({ jobs: this.#attempts.size, deadlineMs }, 'jobs: the runner drains');
    await this.#lease?.beat();
    for (const attempt of this.#attempts.values()) if (!this.#mayFinish(attempt)) attempt.handOver('runner_drained');
    const all = async (): Promise<void> => {
      // A claim that is being made may be granted still.
      await this.#claims.settled();
      await Promise.all([...this.#attempts.values()].map(({ done }) => done));
    };
    if (await within(all(), deadlineMs)) return;
    for (const attempt of this.#attempts.values()) attempt.handOver('runner_drained');
    await all();
  }

  /** Ends. What still runs is killed. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#watchTimer);
    clearTimeout(this.#compareTimer);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#claims.stop();
    const attempts = [...this.#attempts.values()];
    for (const attempt of attempts) attempt.abandon();
    await within(Promise.all(attempts.map(({ done }) => done)), CLOSE_MS);
    await within(this.#lease?.stop(), CLOSE_MS);
    await this.#deps.backend.close();
  }

  get #key(): string {
    return `${this.#o.runnerId}.${this.#bootId}`;
  }

  /** Jobs that end by themselves may do so until the deadline; all of them when the runner was told to wait. */
  #mayFinish({ template }: Attempt): boolean {
    return this.#o.waits || template.template.until === 'exit';
  }

  /** Judges the leases of others, unless the servers answer nobody: then heartbeats of others cannot be seen either. */
  #look(): void {
    if (this.#lease?.isTrusted !== true) this.#watch?.interrupted();
    this.#watch?.look();
  }

  /** Earlier boots of this runner are over: its folder is locked by this process. Nobody need wait for their leases. */
  async #endEarlierBoots(): Promise<void> {
    const { runners } = this.#deps.backend;
    if (runners === undefined) return;
    for (const [key, { value, revision }] of [...runners.entries()]) {
      if (value.runnerId !== this.#o.runnerId || key === this.#key || value.state === 'lost') continue;
      await runners.write(key, { ...value, state: 'lost' }, revision, (now) => now.state === 'lost');
    }
  }

  async #newLease(): Promise<void> {
    const { backend, clock, log } = this.#deps;
    const { runners } = backend;
    if (runners === undefined) return;
    const { runnerId, slots, labels, leaseMs, onIsolated } = this.#o;
    const bootId = this.#bootId;
    this.#lease = new Lease({
      ...{ table: runners, clock, log, leaseMs, key: this.#key },
      state: () => ({
        state: this.#isDraining ? 'draining' : 'up',
        ...{ runnerId, bootId, host: hostname(), slots, used: this.#attempts.size, labels },
        ...toldProgress(this.#attempts.values()),
      }),
      isolated: () => {
        // The media fences those that pull by ticket: they may go on until the records say otherwise.
        for (const attempt of this.#attempts.values()) {
          if (onIsolated === 'keep' && attempt.template.usesUrl) continue;
          attempt.handOver('runner_lost');
          // Others take it when the lease is over: nothing of it may be left then.
          this.#later(leaseMs * LAST_PART, async () => attempt.run?.stop('kill'));
        }
      },
      lost: () => void this.#beginAnew(),
    });
    await this.#lease.start();
  }

  /** This boot is lost: all that it runs is ended, and the process goes on as another boot. */
  async #beginAnew(): Promise<void> {
    const attempts = [...this.#attempts.values()];
    for (const attempt of attempts) attempt.fence();
    await Promise.all(attempts.map(({ done }) => done));
    if (this.#isClosed) return;
    this.#bootId = newId();
    await this.#newLease();
    this.#compareSoon();
    this.#claims.pump();
  }

  #run(key: string, claim: JobEntry, template: HeldTemplate): void {
    const { backend, clock, log, start } = this.#deps;
    const attempt = new Attempt(
      {
        ...{ book: this.book, streams: backend.streams, tell: backend.tell, clock, log, start },
        ...{ runnerId: this.#o.runnerId, runners: () => this.#fitting(template).length },
      },
      key,
      claim,
      template,
    );
    this.#attempts.set(key, attempt);
    if (this.#isDraining && !this.#mayFinish(attempt)) attempt.handOver('runner_drained');
    void attempt.done.then(() => {
      if (this.#attempts.get(key) === attempt) this.#attempts.delete(key);
      this.#outcomes.set(attempt.outcome, (this.#outcomes.get(attempt.outcome) ?? 0) + 1);
      this.#claims.pump();
      const { stoppedFor, record } = attempt;
      if (stoppedFor !== undefined) this.#later(0, () => this.#requests.stoppedFor(stoppedFor, record));
    });
    // The record may have changed since the claim was answered.
    const entry = this.book.table.entries().get(key);
    if (entry !== undefined && entry.revision > claim.revision) attempt.seen(entry);
  }

  /** The runners that may run a template, by their ids. */
  #fitting({ template }: HeldTemplate): readonly string[] {
    const { runners } = this.#deps.backend;
    if (runners === undefined) return [this.#o.runnerId];
    const needed = Object.entries(template.runners.labels);
    const all = [...runners.entries().values()].filter(
      ({ value: { state, isWorker, labels } }) =>
        state === 'up' && isWorker !== true && needed.every(([label, value]) => labels[label] === value),
    );
    return all.map(({ value }) => value.runnerId);
  }

  async #takeFrom(key: string): Promise<void> {
    if (key === this.#key) return;
    await this.#reconcile.takeFrom(key).catch((error: unknown) => this.#troubled(error));
  }

  /** Compares streams and records in a moment, and again after a while. */
  #compareSoon(ms = COMPARE_SOON_MS): void {
    if (this.#isClosed) return;
    clearTimeout(this.#compareTimer);
    this.#compareTimer = setTimeout(() => void this.#compare(), ms);
  }

  async #compare(): Promise<void> {
    if (this.#comparing !== undefined) {
      await this.#comparing;
      return;
    }
    let nextMs = this.#o.compareMs * (0.8 + 0.4 * this.#deps.random());
    this.#comparing = this.#reconcile.run().catch((error: unknown) => {
      this.#troubled(error);
      nextMs = COMPARE_AGAIN_MS;
    });
    await this.#comparing;
    this.#comparing = undefined;
    this.#claims.pump();
    this.#compareSoon(nextMs);
  }

  #later(ms: number, work: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#isClosed) void work().catch((error: unknown) => this.#troubled(error));
    }, ms);
    this.#timers.add(timer);
  }

  /** What could not be done now is found when streams and records are compared. */
  #troubled(error: unknown): void {
    this.#deps.log.debug({ cause: (error as Error).message }, 'jobs: something waits until streams are compared');
  }
}

/** Of how many jobs a heartbeat tells it: every runner reads those of all others. */
const MOST_PROGRESS = 100;

/** How far programs are, for the heartbeat; nothing where none tells it. */
function toldProgress(attempts: Iterable<Pick<Attempt, 'record' | 'run'>>): Pick<RunnerState, 'progress'> {
  const told: Record<string, RunProgress> = {};
  let left = MOST_PROGRESS;
  for (const { record, run } of attempts) {
    if (run === undefined || Object.keys(run.progress).length === 0) continue;
    told[jobIdOf(record)] = { ...run.progress };
    left -= 1;
    if (left === 0) break;
  }
  return left === MOST_PROGRESS ? {} : { progress: told };
}
