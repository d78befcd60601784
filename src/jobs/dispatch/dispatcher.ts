import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { Streams } from '../ports.js';
import { isHeld, type JobReason, jobIdOf, keyOfJobId } from '../record/record.js';
import type { Settlement } from '../record/transitions.js';
import { isClaimOf, type JobBook, type JobEntry } from '../runner/job-book.js';
import type { RunnerState } from '../runner/runner-state.js';
import type { HeldTemplate, TemplateSet } from '../runner/template-set.js';
import type { Table } from '../table.js';
import type { JobTeller } from '../tell/tell.js';
import type { JobTemplate } from '../template/template.js';
import type { DispatchInput } from './dispatch-input.js';
import { fenced, type OutsideOrder, outsideOrder, withoutTickets } from './outside-order.js';
import { type Candidate, isLeasable, WaitingLeases } from './waiting-leases.js';
import { WorkerLeases } from './worker-leases.js';

/** What a dispatcher is made with. */
interface DispatcherDeps {
  readonly book: JobBook;
  readonly templates: TemplateSet;
  readonly runners: Table<RunnerState>;
  readonly streams: Pick<Streams, 'ticket' | 'hasEnded'>;
  readonly tell: JobTeller;
  readonly clock: Clock;
  readonly log: Logger;
  /** `jobs.leaseMs`. */
  readonly leaseMs: number;
}

/** The answer to `lease`. */
export type LeaseAnswer =
  | ({
      readonly ok: true;
      /** `<worker>.<bootId>`: who holds the job. */
      readonly worker: string;
    } & OutsideOrder)
  /** There was no job in time. */
  | { readonly ok: true; readonly jobId: null };

/** The answer to `beat`. */
export interface BeatAnswer {
  readonly ok: true;
  readonly state: 'running' | 'stopping';
  /** Why it is stopping. */
  readonly reason?: JobReason;
}

/** The answer to `done`. */
export interface DoneAnswer {
  readonly ok: true;
}

/** A ticket is asked for during this part of the lease, so that the lease is not over before its job is answered. */
const TICKET_PART = 0.5;
const TICKET_PAUSE_MS = 100;
/** A job that got no ticket is not taken again for so long, in ms. */
const NO_TICKET_MS = 2000;
/** A job that a worker gave back is not taken again for so long, in ms: one that always does so is no busy loop. */
const GIVEN_BACK_MS = 500;
/** Of a template that is gone. */
const NO_RETRY: JobTemplate['retry'] = { max: 0, backoffMs: [0, 0], stableMs: 0, never: [] };
/** Worker of a queue that does not say its name. */
const QUEUE_WORKER = 'queue';

/**
 * Gives jobs to workers outside. All that it knows stands in the tables, so that any dispatcher can answer any request:
 * a worker does not notice that another one answers.
 */
export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #leases: WorkerLeases;
  readonly #waiting: WaitingLeases;

  constructor(deps: DispatcherDeps) {
    const { book, templates, runners, clock, leaseMs } = deps;
    this.#deps = deps;
    this.#leases = new WorkerLeases(runners, clock, leaseMs);
    this.#waiting = new WaitingLeases({ table: book.table, templates, clock });
  }

  /**
   * Takes an open job for a worker, or waits for one.
   *
   * @throws SluiceError ERR_JOB_BUSY, ERR_JOB_STORE; ERR_CTL_BAD_REQUEST for a template that only runners run
   */
  async lease(asked: DispatchInput<'lease'>): Promise<LeaseAnswer> {
    const { clock, templates } = this.#deps;
    const odd = asked.templates.find((name) => {
      const template = templates.get(name);
      return template !== undefined && !isLeasable(template);
    });
    if (odd !== undefined)
      throw new SluiceError('ERR_CTL_BAD_REQUEST', `${odd}: a template with worker or exec was expected`);
    const endMs = clock.monotonicMs() + asked.waitMs;
    for (;;) {
      const candidate = await this.#waiting.next(asked, endMs);
      if (candidate === undefined) return { ok: true, jobId: null };
      try {
        const answer = await this.#take(candidate, asked);
        if (answer !== undefined) return answer;
      } finally {
        this.#waiting.over(candidate);
      }
    }
  }

  /**
   * Notes that a worker still runs a job, and says whether it is to go on.
   *
   * @throws SluiceError ERR_JOB_FENCED, ERR_JOB_STORE, ERR_CTL_BAD_REQUEST
   */
  async beat({ jobId, token, worker, progress }: DispatchInput<'beat'>): Promise<BeatAnswer> {
    const { book, tell } = this.#deps;
    const key = keyOf(jobId);
    const entry = await book.table.read(key);
    const held = entry && (await this.#heldOutside(key, entry, token, worker));
    if (held === undefined || held.value.by === undefined || !(await this.#leases.renew(held.value.by)))
      throw fenced(jobId, token);
    if (progress !== undefined) tell.progress(held.value, known(progress));
    const { state, reason } = held.value;
    if (state !== 'stopping') return { ok: true, state: 'running' };
    return { ok: true, state, ...(reason === undefined ? {} : { reason }) };
  }

  /**
   * Ends the attempt of a worker. The same end may be told again.
   *
   * @throws SluiceError ERR_JOB_FENCED, ERR_JOB_STORE, ERR_CTL_BAD_REQUEST
   */
  async done(said: DispatchInput<'done'>): Promise<DoneAnswer> {
    const { jobId, token, worker } = said;
    const key = keyOf(jobId);
    const entry = await this.#deps.book.table.read(key);
    if (entry !== undefined && isEndedBy(entry, said)) return { ok: true };
    const held = entry && (await this.#heldOutside(key, entry, token, worker));
    if (held === undefined) throw fenced(jobId, token);
    const ended = await this.#end(key, held, said);
    // The same end may have been told to another dispatcher in this moment.
    const newest = ended ?? (await this.#deps.book.table.read(key));
    if (newest === undefined || !isEndedBy(newest, said)) throw fenced(jobId, token);
    // Nobody waits for that: a user that may not purge gets no answer, and the lease runs out then.
    if (held.value.by !== undefined) void this.#leases.close(held.value.by);
    return { ok: true };
  }

  /** Gives no more jobs. Workers that wait are told that there is none; those that run are answered on. */
  drain(): void {
    this.#waiting.close();
  }

  /** @returns undefined: the candidate was not to be had, or its job is settled */
  async #take(
    { key, entry, template }: Candidate,
    { worker, labels }: DispatchInput<'lease'>,
  ): Promise<LeaseAnswer | undefined> {
    const { book } = this.#deps;
    const by = await this.#leases.open(worker, labels);
    const claim = await book.claim(key, entry, by, template.revision);
    const order = claim && (await this.#ordered(key, claim, template));
    // The ticket may have taken a while: the worker gets the whole lease.
    if (order !== undefined && (await this.#leases.renew(by))) return { ok: true, worker: by, ...order };
    void this.#leases.close(by);
    return undefined;
  }

  /** Gets what a claimed job is run with, and has it run. @returns undefined: it is given back, or over */
  async #ordered(key: string, claim: JobEntry, template: HeldTemplate): Promise<OutsideOrder | undefined> {
    const { book, tell, log, leaseMs } = this.#deps;
    const { value: record, revision: token } = claim;
    const ticket = await this.#ticket(key, claim, template);
    if (ticket === undefined) return undefined;
    let made: ReturnType<typeof outsideOrder>;
    try {
      made = outsideOrder(template.template, record, { token, url: ticket.url, leaseMs });
    } catch (error) {
      log.warn({ job: jobIdOf(record), cause: (error as Error).message }, 'jobs: a worker cannot run it');
      const logTail = (error as Error).message;
      const failure = { outcome: 'failed', reason: 'argument', mayRetry: true, wasStable: false, logTail } as const;
      const settled = await book.settle(key, token, failure, template.template.retry);
      if (settled !== undefined) tell.ended(settled.value);
      return undefined;
    }
    const running = await book.running(key, token);
    if (running === undefined) return undefined;
    if (running.value.state === 'stopping') {
      await book.giveBack(key, token, 'no_ticket', 0);
      return undefined;
    }
    tell.started(running.value, { argv: made.shown, isOutside: true });
    log.info({ job: jobIdOf(record), attempt: record.attempt, by: record.by }, 'a worker has the job');
    return made.order;
  }

  /** Where the stream can be pulled. @returns undefined: there is none, and the job is given back or over */
  async #ticket(
    key: string,
    { value: { streamId }, revision: token }: JobEntry,
    { template, usesUrl }: HeldTemplate,
  ): Promise<{ readonly url: string | undefined } | undefined> {
    if (streamId === undefined || !usesUrl) return { url: undefined };
    const { book, streams, clock, leaseMs, log } = this.#deps;
    const endMs = clock.monotonicMs() + leaseMs * TICKET_PART;
    for (;;) {
      const answer = await streams.ticket(streamId, template.name, token);
      if (answer.kind === 'ticket') return { url: answer.url };
      const isOver = answer.kind === 'gone' && (await streams.hasEnded(streamId).catch(() => false));
      if (isOver) {
        const settlement = { outcome: 'stopped', reason: 'no_stream', mayRetry: false, wasStable: false } as const;
        const settled = await book.settle(key, token, settlement, NO_RETRY);
        if (settled !== undefined) this.#deps.tell.ended(settled.value);
        return undefined;
      }
      if (answer.kind === 'gone' || clock.monotonicMs() + TICKET_PAUSE_MS >= endMs) {
        log.warn({ job: `${streamId}/${template.name}`, cause: answer.text }, 'jobs: there is no ticket for a worker');
        await book.giveBack(key, token, 'no_ticket', NO_TICKET_MS);
        return undefined;
      }
      await delay(TICKET_PAUSE_MS);
    }
  }

  /**
   * The record of a job that a worker holds with this token. A job of a queue is held by the runner that published it
   * until its worker reports for the first time: the worker holds it from then on.
   *
   * @returns undefined: the token is an older one, or a runner runs the job
   */
  async #heldOutside(
    key: string,
    entry: JobEntry,
    token: number,
    worker = QUEUE_WORKER,
  ): Promise<JobEntry | undefined> {
    const { by, template } = entry.value;
    if (by === undefined || !isHeld(entry.value) || !isClaimOf(entry.value, entry.revision, token)) return undefined;
    const state = await this.#leases.stateOf(by);
    if (state !== undefined) return state === 'lost' ? undefined : entry;
    if (this.#deps.templates.get(template)?.template.run.kind !== 'queue') return undefined;
    const lease = await this.#leases.open(worker, {});
    const handed = await this.#deps.book.handTo(key, token, by, lease);
    if (handed?.value.by === lease) return handed;
    // Another report of the same worker was first.
    void this.#leases.close(lease);
    return handed !== undefined && handed.value.by !== by ? handed : undefined;
  }

  async #end(key: string, { value: record }: JobEntry, said: DispatchInput<'done'>): Promise<JobEntry | undefined> {
    const { book, streams, templates, tell, clock, log } = this.#deps;
    const { outcome, token, exit, reason: text } = said;
    const stopping = record.state === 'stopping' ? (record.reason ?? 'operator') : undefined;
    log.info({ job: said.jobId, attempt: record.attempt, outcome, exit }, 'a worker has ended the job');
    // A worker that stops a job which is to go on gives it back.
    if (outcome === 'stopped') return book.giveBack(key, token, 'runner_drained', GIVEN_BACK_MS);
    const retry = templates.get(record.template)?.template.retry;
    const { streamId } = record;
    const isOver =
      stopping !== undefined || (streamId !== undefined && (await streams.hasEnded(streamId).catch(() => false)));
    const ranMs = clock.wallMs() - Date.parse(record.startedAt ?? record.requestedAt);
    const settlement: Settlement = {
      ...{ outcome, reason: outcome === 'succeeded' ? (stopping ?? 'exit') : 'exit' },
      ...(exit === undefined ? {} : { exit: { code: exit } }),
      ...{ logTail: withoutTickets(text), mayRetry: !isOver && retry !== undefined },
      wasStable: retry !== undefined && retry.stableMs > 0 && ranMs >= retry.stableMs,
    };
    const settled = await book.settle(key, token, settlement, retry ?? NO_RETRY);
    if (settled !== undefined) tell.ended(settled.value);
    return settled;
  }
}

/** Whether the newest attempt that ended did so as a worker says. */
function isEndedBy({ value: { last } }: JobEntry, { token, outcome }: DispatchInput<'done'>): boolean {
  return last?.token === token && last.outcome === outcome && last.reason !== 'runner_lost';
}

function keyOf(jobId: string): string {
  const key = keyOfJobId(jobId);
  if (key === undefined) throw new SluiceError('ERR_CTL_BAD_REQUEST', '/jobId: the id of a job was expected');
  return key;
}

/** Without the members that are not there. */
function known(
  progress: NonNullable<DispatchInput<'beat'>['progress']>,
): Partial<Record<keyof typeof progress, number>> {
  return Object.fromEntries(Object.entries(progress).filter(([, value]) => value !== undefined));
}
