import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { RunProgress } from '../../model/run-progress.js';
import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import { type NatsConnection, natsHeaders, onReconnects } from '../../nats/connection.js';
import { JsError, lastMessage, publish } from '../../nats/jetstream.js';
import { backoffMs, outcomeOf } from '../../nats/publish-outcome.js';
import { StreamMaker } from '../../nats/stream-maker.js';
import { type JobRecord, jobIdOf } from '../record/record.js';
import {
  endEvents,
  endsFilter,
  type JobEnvelope,
  progressSubject,
  requestedEvent,
  type StartedFacts,
  startedEvent,
  type Teller,
} from '../tell/job-event.js';
import type { JobTeller } from '../tell/tell.js';

/** The JetStream stream of the events of jobs. */
export const JOB_EVENTS = 'SLUICE_JOB_EVENTS';

const WEEK_NS = 7 * 24 * 3600e9;
/** Jobs whose events are being published at a time. */
const IN_FLIGHT = 16;
/** Most events that wait; the ends among them are found again when records are compared. */
const MAX_WAITING = 10_000;
/** Ends that are known to be stored. */
const MAX_CONFIRMED = 50_000;

/** What telling is made with. */
interface TellDeps {
  readonly connection: NatsConnection;
  readonly teller: Teller;
  readonly replicas: number;
  readonly answerTimeout: AnswerTimeout;
  /** Called with each event that is told. @param json as it is stored */
  readonly onTold?: ((json: Buffer) => void) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Publishes the events of jobs, those of one job in order. Each has one subject whoever tells it, and is refused by the
 * server when it is stored already.
 */
export class NatsJobTeller implements JobTeller {
  readonly #deps: TellDeps;
  readonly #maker: StreamMaker;
  /** Waiting events by job. */
  readonly #queues = new Map<string, JobEnvelope[]>();
  readonly #busy = new Set<string>();
  /** Attempt of each job whose end is stored. */
  readonly #confirmed = new Map<string, number>();
  #waiting = 0;
  #dropped = 0;
  #tries = 0;
  #isClosed = false;
  #isAway = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(deps: TellDeps) {
    this.#deps = deps;
    this.#maker = new StreamMaker(JOB_EVENTS, deps.answerTimeout);
    void onReconnects(deps.connection, (isConnected) => {
      this.#isAway = !isConnected;
    });
  }

  /** Events that wait, and events that were left out because too many waited. */
  get counts(): { readonly waiting: number; readonly dropped: number } {
    return { waiting: this.#waiting, dropped: this.#dropped };
  }

  /** Makes the stream when it is missing. @returns why that did not work */
  async ensure(): Promise<string | undefined> {
    const { connection, replicas, teller } = this.#deps;
    const info = await this.#maker.info(connection);
    if (info.ok) return undefined;
    if (info.code !== JsError.StreamNotFound) return `${info.code} ${info.text}`;
    const made = await this.#maker.make(connection, {
      name: JOB_EVENTS,
      description: 'Sluice: events of jobs',
      subjects: [`${teller.prefix}.job.>`],
      retention: 'limits',
      storage: 'file',
      discard: 'new',
      num_replicas: replicas,
      max_age: WEEK_NS,
      max_bytes: -1,
      max_msgs: -1,
      max_msg_size: -1,
      max_consumers: -1,
      max_msgs_per_subject: -1,
      duplicate_window: 120e9,
      allow_direct: false,
      deny_delete: false,
      deny_purge: false,
    });
    return made.ok ? undefined : `${made.code} ${made.text}`;
  }

  requested(record: JobRecord): void {
    this.#add(record, [requestedEvent(this.#deps.teller, record)]);
  }

  started(record: JobRecord, facts: StartedFacts): void {
    this.#add(record, [startedEvent(this.#deps.teller, record, facts)]);
  }

  ended(record: JobRecord, result?: Readonly<Record<string, unknown>>): void {
    this.#add(record, endEvents(this.#deps.teller, record, result));
  }

  progress(record: JobRecord, progress: RunProgress): void {
    const { connection, teller, clock } = this.#deps;
    // What is published while the server is away would wait in memory, and nobody wants old progress.
    if (connection.isClosed() || this.#isAway) return;
    const body = {
      jobId: jobIdOf(record),
      attempt: record.attempt,
      progress,
      time: new Date(clock.wallMs()).toISOString(),
    };
    connection.publish(progressSubject(teller.prefix, record), JSON.stringify(body));
  }

  async ensureEnd(record: JobRecord): Promise<void> {
    const { connection, teller, answerTimeout } = this.#deps;
    const jobId = jobIdOf(record);
    const attempt = record.last?.attempt;
    if (attempt === undefined || this.#confirmed.get(jobId) === attempt || this.#queues.has(jobId)) return;
    const held = await lastMessage(connection, JOB_EVENTS, endsFilter(teller.prefix, record, attempt), answerTimeout);
    if (held.ok) this.#confirm(jobId, attempt);
    else if (held.code === JsError.MessageNotFound) this.ended(record);
  }

  /** Publishes what waits, at most for `deadlineMs`. Then nothing more is told. */
  async close(deadlineMs: number): Promise<void> {
    const { clock } = this.#deps;
    const endMs = clock.monotonicMs() + deadlineMs;
    while (this.#waiting > 0 && clock.monotonicMs() < endMs) await new Promise((resolve) => setTimeout(resolve, 10));
    this.#isClosed = true;
    clearTimeout(this.#retry);
  }

  #add(record: JobRecord, envelopes: readonly JobEnvelope[]): void {
    if (this.#waiting + envelopes.length > MAX_WAITING) {
      if (this.#dropped === 0)
        this.#deps.log.warn({ waiting: this.#waiting }, 'jobs: too many events wait; the newest are left out');
      this.#dropped += envelopes.length;
      return;
    }
    for (const { json } of envelopes) this.#deps.onTold?.(json);
    const jobId = jobIdOf(record);
    const queue = this.#queues.get(jobId) ?? [];
    queue.push(...envelopes);
    this.#waiting += envelopes.length;
    this.#queues.set(jobId, queue);
    this.#pump();
  }

  #pump(): void {
    if (this.#retry !== undefined || this.#isClosed) return;
    for (const jobId of this.#queues.keys()) {
      if (this.#busy.size >= IN_FLIGHT) return;
      if (!this.#busy.has(jobId)) void this.#publishNext(jobId);
    }
  }

  async #publishNext(jobId: string): Promise<void> {
    const queue = this.#queues.get(jobId);
    const envelope = queue?.[0];
    if (queue === undefined || envelope === undefined) return;
    this.#busy.add(jobId);
    const outcome = this.#isAway ? 'wait' : await this.#publish(envelope);
    this.#busy.delete(jobId);
    if (outcome === 'wait') {
      this.#later();
      return;
    }
    this.#tries = 0;
    queue.shift();
    this.#waiting--;
    if (queue.length === 0) this.#queues.delete(jobId);
    this.#pump();
  }

  async #publish({ subject, json, id, type }: JobEnvelope): Promise<'done' | 'wait'> {
    const { connection, answerTimeout, log } = this.#deps;
    const headers = natsHeaders({
      'Nats-Msg-Id': id,
      'Nats-Expected-Last-Subject-Sequence': '0',
      'content-type': 'application/cloudevents+json',
      'ce-type': type,
    });
    const reply = await publish(connection, subject, json, headers, answerTimeout);
    const outcome = outcomeOf(reply);
    if (outcome.kind === 'stored' || outcome.kind === 'taken') return 'done';
    if (outcome.kind === 'wait') {
      if (outcome.why === 'stream_missing') await this.ensure();
      return 'wait';
    }
    log.warn({ event: id, cause: outcome.text }, 'jobs: an event cannot be stored');
    return 'done';
  }

  #later(): void {
    if (this.#retry !== undefined || this.#isClosed) return;
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        this.#pump();
      },
      backoffMs(this.#tries++, Math.random()),
    );
  }

  #confirm(jobId: string, attempt: number): void {
    if (this.#confirmed.size >= MAX_CONFIRMED) this.#confirmed.clear();
    this.#confirmed.set(jobId, attempt);
  }
}
