import type { Clock } from '../core/clock.js';
import { within } from '../core/within.js';
import type { EventLayer } from '../events/event-layer.js';
import { JOB_BUCKETS } from '../jobs/nats/nats-job-store.js';
import { isHeld } from '../jobs/record/record.js';
import { AnswerTimeout } from '../nats/answer-timeout.js';
import type { NatsConnection } from '../nats/connection.js';
import { JsError, jsRequest, nextMessage, type StreamInfo } from '../nats/jetstream.js';
import { KvBucket } from '../nats/kv-bucket.js';

/** Jobs of one template that are not over. */
export interface JobCount {
  /** For which no runner was found yet. */
  readonly open: number;
  readonly running: number;
}

/** Counts are read again after so long, in ms. */
const FRESH_MS = 5000;
/** How long a scrape waits for them, in ms. */
const WAIT_MS = 1500;
/** Everything is read anew after so long, in ms: a record that was purged by hand leaves no trace. */
const ANEW_MS = 600_000;
/** Most jobs that are counted, and most templates that have a line. */
const MOST_JOBS = 100_000;
const MOST_TEMPLATES = 1000;
/** How long an answer of NATS is waited for, and at most, in ms. */
const [ANSWER_MS, MOST_ANSWER_MS] = [1000, 2000];

const { bucket: BUCKET, isValue } = JOB_BUCKETS.jobs;
const STREAM = `KV_${BUCKET}`;
const SUBJECT = `$KV.${BUCKET}.`;

/** What was read of the bucket so far. */
interface Reading {
  /** `created` of its stream. */
  readonly created: string | undefined;
  readonly beganMs: number;
  /** Jobs that are not over, by key. */
  readonly jobs: Map<string, { readonly template: string; readonly isOpen: boolean }>;
  /** Position of the newest change that it includes. */
  position: number;
}

/**
 * Counts the jobs in NATS, for the metrics of a node: they must be there when no runner is. It reads only while
 * somebody asks, only what has changed since it was last asked, and keeps only jobs that are not over.
 */
export class JobCounts {
  readonly #connection: () => NatsConnection | undefined;
  readonly #clock: Clock;
  readonly #answerTimeout = new AnswerTimeout(ANSWER_MS, MOST_ANSWER_MS);
  readonly #templates: KvBucket<unknown>;
  #reading: Reading | undefined;
  #counts: ReadonlyMap<string, JobCount> | undefined;
  #countedMs = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;

  /** @returns undefined without NATS */
  static of({ bus }: Pick<EventLayer, 'bus'>, clock: Clock): JobCounts | undefined {
    return bus === undefined ? undefined : new JobCounts(() => bus.link.connection, clock);
  }

  constructor(connection: () => NatsConnection | undefined, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#templates = new KvBucket(JOB_BUCKETS.templates.bucket, this.#answerTimeout);
  }

  /**
   * Counts by template, at most 5 s old; templates without jobs have zeros. It never rejects.
   *
   * @returns undefined when NATS cannot be read now, takes too long, or has no jobs
   */
  async read(): Promise<ReadonlyMap<string, JobCount> | undefined> {
    if (!this.#isFresh()) {
      this.#refreshing ??= this.#refresh().finally(() => {
        this.#refreshing = undefined;
      });
      await within(this.#refreshing, WAIT_MS);
    }
    return this.#isFresh() ? this.#counts : undefined;
  }

  #isFresh(): boolean {
    return this.#clock.monotonicMs() - this.#countedMs < FRESH_MS;
  }

  /** Never rejects. What it has not read in one go it goes on with at the next. */
  async #refresh(): Promise<void> {
    const connection = this.#connection();
    if (connection === undefined) return;
    const info = await jsRequest<StreamInfo>(connection, `STREAM.INFO.${STREAM}`, undefined, this.#answerTimeout);
    if (!info.ok) {
      // Without a bucket there never was a runner, and nothing to scale.
      if (info.code === JsError.StreamNotFound) this.#reading = undefined;
      return;
    }
    const { created, state } = info.value;
    const reading = this.#begin(created, state.last_seq);
    while (reading.position < state.last_seq) {
      const next = await nextMessage(connection, STREAM, `${SUBJECT}>`, reading.position + 1, this.#answerTimeout);
      if (!next.ok && next.code === JsError.MessageNotFound) break;
      if (!next.ok) return;
      take(reading, next.value.subject.slice(SUBJECT.length), next.value.data);
      reading.position = next.value.seq;
    }
    const templates = await this.#templates.keys(connection);
    this.#counts = countsOf(reading, templates.ok ? templates.value : []);
    this.#countedMs = this.#clock.monotonicMs();
  }

  #begin(created: string | undefined, last: number): Reading {
    const nowMs = this.#clock.monotonicMs();
    const { created: known, beganMs = 0, position = 0 } = this.#reading ?? {};
    const isSame = this.#reading !== undefined && known === created && position <= last;
    if (this.#reading === undefined || !isSame || nowMs - beganMs > ANEW_MS)
      this.#reading = { created, beganMs: nowMs, jobs: new Map(), position: 0 };
    return this.#reading;
  }
}

function take({ jobs }: Reading, key: string, data: Buffer): void {
  let value: unknown;
  try {
    value = JSON.parse(data.toString('utf8'));
  } catch {
    // A mark of a removed record is empty.
  }
  if (!isValue(value) || value.state === 'done') jobs.delete(key);
  else if (jobs.size < MOST_JOBS || jobs.has(key))
    jobs.set(key, { template: value.template.slice(0, 48), isOpen: !isHeld(value) });
}

function countsOf({ jobs }: Reading, templates: readonly string[]): ReadonlyMap<string, JobCount> {
  const counts = new Map<string, { open: number; running: number }>();
  for (const name of templates.slice(0, MOST_TEMPLATES)) counts.set(name, { open: 0, running: 0 });
  for (const { template, isOpen } of jobs.values()) {
    const count = counts.get(template) ?? { open: 0, running: 0 };
    if (isOpen) count.open += 1;
    else count.running += 1;
    if (counts.size < MOST_TEMPLATES || counts.has(template)) counts.set(template, count);
  }
  return counts;
}
