import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { Logger } from '../../core/log.js';
import { type JobReason, type JobRecord, jobIdOf } from '../record/record.js';
import type { Settlement } from '../record/transitions.js';
import type { Run, RunEnd, RunOrder } from '../run/run.js';
import type { AttemptDeps, StartedRun } from './attempt-parts.js';
import { isClaimOf, type JobEntry } from './job-book.js';
import type { HeldTemplate } from './template-set.js';
import { outputTimes, verdictOf } from './verdict.js';

/**
 * What came of an attempt, as far as its runner knows: how it was settled; `handed_over`: the job was given back;
 * `lost`: another runner has the job, or this one ended first.
 */
export type AttemptOutcome = Settlement['outcome'] | 'handed_over' | 'lost';

/** How long a ticket is asked for before the job is given back, in ms. */
const TICKET_WITHIN_MS = 15_000;
/** First pause between two requests for a ticket, and the longest. */
const TICKET_PAUSE_MS = 100;
const TICKET_LONGEST_PAUSE_MS = 2000;
/** A job that got no ticket is not taken again for so long, in ms. */
const NO_TICKET_MS = 2000;
/** So long the end of a stream may follow the end of a run that read it, in ms. */
const END_WITHIN_MS = 2000;
/**
 * How long it is asked for where a stream is by now, in ms. A request that reaches the former node while that leaves
 * the stream gets no answer, so it takes several.
 */
const MOVE_WITHIN_MS = 5000;
/** Between two looks whether a stream has ended, and two attempts to write a record, in ms. */
const LOOK_MS = 200;
const WRITE_PAUSE_MS = 500;
const PROGRESS_MS = 5000;

/** One run of a job, from its claim until it is settled. */
export class Attempt {
  readonly key: string;
  readonly token: number;
  readonly template: HeldTemplate;
  /** Resolves when it is settled, or is not this runner's any more. */
  readonly done: Promise<void>;
  readonly #deps: AttemptDeps;
  readonly #log: Logger;
  #record: JobRecord;
  #started: StartedRun | undefined;
  /** Where it pulls its stream. */
  #url: string | undefined;
  /** Why the job is stopping. */
  #stopping: JobReason | undefined;
  /** Whether somebody else has the job now. */
  #isFenced = false;
  /** Why the job is given back once its run is over. */
  #givingBack: JobReason | undefined;
  #isAbandoned = false;
  #isFlowing = true;
  #outcome: AttemptOutcome = 'lost';
  #wake: () => void = () => {};

  constructor(deps: AttemptDeps, key: string, claim: JobEntry, template: HeldTemplate) {
    this.#deps = deps;
    this.key = key;
    this.token = claim.revision;
    this.template = template;
    this.#record = claim.value;
    this.#log = deps.log.child({ job: jobIdOf(claim.value), attempt: claim.value.attempt });
    this.done = this.#go().catch((error: unknown) => {
      this.#log.error({ err: error, code: 'ERR_INTERNAL' }, 'jobs: a defect of Sluice ended an attempt');
      this.#started?.run.stop('kill');
    });
  }

  get streamId(): string | undefined {
    return this.#record.streamId;
  }

  /** What came of it, once it is done. */
  get outcome(): AttemptOutcome {
    return this.#outcome;
  }

  get record(): JobRecord {
    return this.#record;
  }

  /** Why it was stopped; undefined: it was not. */
  get stoppedFor(): JobReason | undefined {
    return this.#stopping;
  }

  /** Progress of the run; undefined before it runs. */
  get run(): Run | undefined {
    return this.#started?.run;
  }

  /** The record has changed: another one may hold the job, or it is to end. */
  seen(entry: JobEntry | undefined): void {
    if (entry !== undefined && entry.revision < this.token) return;
    const isClaim = entry !== undefined && isClaimOf(entry.value, entry.revision, this.token);
    // The worker that took a published job holds its claim from then on.
    if (!isClaim || entry.value.by !== this.#record.by) {
      this.fence();
      return;
    }
    this.#record = entry.value;
    if (entry.value.state === 'stopping' && this.#stopping === undefined) {
      this.#stopping = entry.value.reason ?? 'operator';
      this.#started?.run.stop(this.#stopping === 'stream_ended' ? 'afterEof' : 'now');
      this.#wake();
    }
  }

  /** Another runner has the job, or this one is not trusted: what runs is killed, and nothing more is written. */
  fence(): void {
    if (this.#isFenced) return;
    this.#isFenced = true;
    this.#started?.run.stop('kill');
    this.#wake();
  }

  /** Ends the run and gives the job back: this runner stops. */
  handOver(reason: JobReason): void {
    this.#givingBack ??= reason;
    this.#started?.run.stop('now');
    this.#wake();
  }

  /** Whether media is expected of the stream now. */
  flowing(isFlowing: boolean): void {
    this.#isFlowing = isFlowing;
    this.#started?.run.expectProgress(isFlowing);
  }

  /** The runner ends at once: the job is left to whoever finds it. */
  abandon(): void {
    this.#isAbandoned = true;
    this.fence();
  }

  async #go(): Promise<void> {
    const ticket = await this.#ticket();
    if (ticket === undefined) return;
    const beganMs = this.#deps.clock.monotonicMs();
    this.#url = ticket.url;
    const started = await this.#start(ticket.url);
    if (started === undefined) return;
    const { run } = started;
    this.#started = started;
    run.expectProgress(this.#isFlowing);
    // What has happened while it started.
    if (this.#isFenced) run.stop('kill');
    else if (this.#stopping !== undefined || this.#givingBack !== undefined)
      run.stop(this.#stopping === 'stream_ended' ? 'afterEof' : 'now');
    await this.#noteRunning(started);
    const progress = setInterval(() => this.#deps.tell.progress(this.#record, run.progress), PROGRESS_MS);
    const end = await run.done;
    clearInterval(progress);
    await this.#settle(started, end, this.#deps.clock.monotonicMs() - beganMs);
  }

  /** Where the stream can be pulled. @returns undefined: the attempt is over */
  async #ticket(): Promise<{ readonly url?: string } | undefined> {
    const { streamId, template } = this.#record;
    if (streamId === undefined || !this.template.usesUrl) return {};
    const endMs = this.#deps.clock.monotonicMs() + TICKET_WITHIN_MS;
    let pauseMs = TICKET_PAUSE_MS;
    let why = '';
    while (this.#deps.clock.monotonicMs() < endMs) {
      if (this.#isFenced) return undefined;
      if (this.#stopping !== undefined || this.#givingBack !== undefined) break;
      const answer = await this.#deps.streams.ticket(streamId, template, this.token);
      if (answer.kind === 'ticket') return { url: answer.url };
      why = answer.text;
      if (answer.kind === 'gone') {
        if (await this.#hasEnded()) {
          await this.#finish('stopped', 'no_stream');
          return undefined;
        }
        break;
      }
      if (answer.kind === 'fenced') {
        const entry = await this.#read();
        this.seen(entry);
        if (this.#isFenced) return undefined;
      }
      await this.#pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, TICKET_LONGEST_PAUSE_MS);
    }
    if (this.#stopping !== undefined) await this.#finish('stopped', this.#stopping);
    else {
      if (this.#givingBack === undefined)
        this.#log.warn({ cause: why }, 'jobs: there is no ticket; the job is given back');
      const delayMs = this.#givingBack === undefined ? NO_TICKET_MS : 0;
      await this.#giveBack(this.#givingBack ?? 'no_ticket', delayMs);
    }
    return undefined;
  }

  async #start(url: string | undefined): Promise<StartedRun | undefined> {
    const { attempt, snapshot } = this.#record;
    const order: RunOrder = {
      ...{
        jobId: jobIdOf(this.#record),
        template: this.template.template,
        facts: snapshot,
        attempt,
        token: this.token,
      },
      ...(url === undefined ? {} : { url }),
    };
    try {
      return await this.#deps.start(order);
    } catch (error) {
      const isArgument = error instanceof SluiceError && error.code === 'ERR_JOB_ARGUMENT';
      this.#log.warn({ cause: (error as Error).message }, 'jobs: an attempt could not be started');
      await this.#finish('failed', isArgument ? 'argument' : 'spawn', (error as Error).message);
      return undefined;
    }
  }

  async #noteRunning({ run }: StartedRun): Promise<void> {
    let failed: unknown;
    const nonce = newId();
    const entry = await this.#deps.book.running(this.key, this.token, nonce).catch((error: unknown) => {
      failed = error;
      return undefined;
    });
    if (entry !== undefined) {
      this.#record = entry.value;
      this.#log.info({ pid: run.pid, argv: run.shown.join(' ') }, 'job runs');
      if (entry.value.state === 'running') {
        const { pid } = run;
        this.#deps.tell.started(entry.value, { argv: run.shown, ...(pid === undefined ? {} : { pid }) });
      }
      this.seen(entry);
      return;
    }
    if (failed === undefined) this.fence();
    // NATS is away for a moment: the run goes on, and the record follows when it can.
    else
      void this.#persist(() => this.#deps.book.running(this.key, this.token, nonce)).then((later) => {
        if (later === undefined) return;
        this.seen(later);
        if (later.value.state === 'running') this.#deps.tell.started(later.value, { argv: run.shown });
      });
  }

  async #settle(started: StartedRun, end: RunEnd, ranMs: number): Promise<void> {
    if (this.#isFenced) {
      if (this.template.template.run.kind === 'queue') this.#log.info('a worker has the job, or has ended it');
      else this.#log.warn('job was fenced: another run has it');
      await started.reject('fenced');
      return;
    }
    if (this.#givingBack !== undefined && this.#stopping === undefined) {
      const reason = this.#givingBack;
      await this.#giveBack(reason, 0);
      await started.reject(reason);
      return;
    }
    const { retry, until } = this.template.template;
    const hasDoneItsWork = until === 'exit' && end.exit === 0;
    // A program cannot help that its stream goes on at another node: there it is begun anew, and nothing has failed.
    if (end.kind === 'exit' && !hasDoneItsWork && (await this.#hasMoved())) {
      await this.#giveBack('stream_moved', 0);
      await started.reject('stream_moved');
      return;
    }
    const settlement = verdictOf({
      ...{ end, until, stopping: this.#stopping, isStreamOver: await this.#isStreamOver(end), ranMs },
      ...{ stableMs: retry.stableMs, runnerId: this.#deps.runnerId, runners: this.#deps.runners() },
    });
    await this.#conclude(started, settlement);
  }

  async #conclude(started: StartedRun, settlement: Settlement): Promise<void> {
    const entry = await this.#settleRecord(settlement);
    if (entry === undefined) {
      await started.reject('fenced');
      return;
    }
    const { value: record } = entry;
    let result: Readonly<Record<string, unknown>> | undefined;
    if (settlement.outcome === 'failed') await started.reject(settlement.reason);
    else result = await started.accept(outputTimes(this.#record, record));
    const level = settlement.outcome === 'failed' ? 'warn' : 'info';
    const { outcome, reason, exit } = settlement;
    const facts = { outcome, reason, exit: exit?.code, signal: exit?.signal, retryAt: record.last?.retryAt };
    this.#log[level](
      facts,
      record.last?.isAbandoned === true ? 'job is abandoned: its failures are used up' : 'job run is over',
    );
    this.#deps.tell.ended(record, result);
  }

  /** Settles an attempt that has no run. */
  async #finish(outcome: 'stopped' | 'failed', reason: JobReason, logTail = ''): Promise<void> {
    const settlement: Settlement = { outcome, reason, mayRetry: outcome === 'failed', wasStable: false, logTail };
    const entry = await this.#settleRecord(settlement);
    if (entry !== undefined) this.#deps.tell.ended(entry.value);
  }

  async #settleRecord(settlement: Settlement): Promise<JobEntry | undefined> {
    const { retry } = this.template.template;
    const entry = await this.#persist((nonce) =>
      this.#deps.book.settle(this.key, this.token, settlement, retry, nonce),
    );
    if (entry !== undefined) this.#outcome = settlement.outcome;
    return entry;
  }

  async #giveBack(reason: JobReason, delayMs: number): Promise<void> {
    const entry = await this.#persist((nonce) =>
      this.#deps.book.giveBack(this.key, this.token, reason, delayMs, nonce),
    );
    if (entry !== undefined) this.#outcome = 'handed_over';
  }

  /** Whether the stream is over, which may be known a moment after its media has ended. */
  async #isStreamOver({ kind, exit }: RunEnd): Promise<boolean> {
    if (this.#isToldOver()) return true;
    if (this.streamId === undefined || kind === 'asked') return false;
    // Only whether a run ended early is worth a wait.
    const isEarly = kind === 'exit' && exit === 0 && this.template.template.until !== 'exit';
    const { clock, streams } = this.#deps;
    let endMs = clock.monotonicMs() + (isEarly ? END_WITHIN_MS : 0);
    for (;;) {
      try {
        if (await streams.hasEnded(this.streamId)) return true;
      } catch {
        // Nobody knows now, and nothing can be settled either: the end may be told once NATS is back.
        endMs = clock.monotonicMs() + END_WITHIN_MS;
      }
      if (this.#isChanged() || clock.monotonicMs() >= endMs) return this.#isToldOver();
      await this.#pause(LOOK_MS);
    }
  }

  /** Whether the stream is to be pulled from another place by now. While it moves, no node has it for a moment. */
  async #hasMoved(): Promise<boolean> {
    const { streamId, template } = this.#record;
    if (streamId === undefined || this.#url === undefined) return false;
    const { clock, streams } = this.#deps;
    const endMs = clock.monotonicMs() + MOVE_WITHIN_MS;
    while (!this.#isChanged() && clock.monotonicMs() < endMs) {
      const answer = await streams.ticket(streamId, template, this.token);
      if (answer.kind === 'ticket') return answer.url !== this.#url;
      if (answer.kind === 'fenced' || (await this.#hasEnded())) return false;
      await this.#pause(LOOK_MS);
    }
    return false;
  }

  #isToldOver(): boolean {
    return this.#stopping === 'stream_ended';
  }

  /** Whether somebody has stopped the job or taken it. */
  #isChanged(): boolean {
    return this.#stopping !== undefined || this.#isFenced;
  }

  async #hasEnded(): Promise<boolean> {
    if (this.streamId === undefined) return false;
    return this.#deps.streams.hasEnded(this.streamId).catch(() => false);
  }

  async #read(): Promise<JobEntry | undefined> {
    return this.#deps.book.table.read(this.key).catch(() => this.#deps.book.table.entries().get(this.key));
  }

  /** Writes until it is written, or the job is not this attempt's any more. */
  async #persist(write: (nonce: string) => Promise<JobEntry | undefined>): Promise<JobEntry | undefined> {
    const nonce = newId();
    let isTold = false;
    for (;;) {
      if (this.#isFenced || this.#isAbandoned) return undefined;
      try {
        return await write(nonce);
      } catch (error) {
        if (!isTold) this.#log.warn({ cause: (error as Error).message }, 'jobs: a record waits to be written');
        isTold = true;
        await this.#pause(WRITE_PAUSE_MS);
      }
    }
  }

  /** Waits, or until something has changed. */
  async #pause(ms: number): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([woken, delay(ms)]);
  }
}
