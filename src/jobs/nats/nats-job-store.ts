import { SluiceError } from '../../core/errors.js';
import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import type { NatsConnection } from '../../nats/connection.js';
import { JsError } from '../../nats/jetstream.js';
import { KvBucket, type KvEntry } from '../../nats/kv-bucket.js';
import type { JobStore, ReadableTable } from '../desk/job-desk.js';
import { isJobRecord } from '../record/record.js';
import { isRunnerState } from '../runner/runner-state.js';
import { isStoredTemplate } from '../runner/template-set.js';
import type { JobTemplate } from '../template/template.js';

/** The buckets of jobs, what each holds, and which values of it are understood. */
export const JOB_BUCKETS = {
  jobs: { bucket: 'SLUICE_JOBS', description: 'Sluice: jobs', isValue: isJobRecord },
  runners: { bucket: 'SLUICE_RUNNERS', description: 'Sluice: runners of jobs', isValue: isRunnerState },
  templates: { bucket: 'SLUICE_TEMPLATES', description: 'Sluice: job templates', isValue: isStoredTemplate },
} as const;

/** A bucket that is read key by key, from the leader. One that is not there yet holds nothing. */
class BucketReader<T> implements ReadableTable<T> {
  readonly #name: string;
  readonly #bucket: KvBucket<unknown>;
  readonly #connection: () => NatsConnection;
  readonly #isValue: (value: unknown) => value is T;

  constructor(
    { bucket, isValue }: { readonly bucket: string; readonly isValue: (value: unknown) => value is T },
    connection: () => NatsConnection,
    answerTimeout: AnswerTimeout,
  ) {
    this.#name = bucket;
    this.#bucket = new KvBucket(bucket, answerTimeout);
    this.#connection = connection;
    this.#isValue = isValue;
  }

  async keys(): Promise<readonly string[]> {
    const held = await this.#bucket.keys(this.#connection());
    if (held.ok) return held.value;
    if (held.code === JsError.StreamNotFound) return [];
    throw this.#away(held);
  }

  async read(key: string): Promise<KvEntry<T> | undefined> {
    const held = await this.#bucket.get(this.#connection(), key);
    if (!held.ok && held.code === JsError.StreamNotFound) return undefined;
    if (!held.ok) throw this.#away(held);
    const { value, revision } = held.value;
    return this.#isValue(value) ? { value, revision } : undefined;
  }

  #away({ code, text }: { readonly code: number | string; readonly text: string }): SluiceError {
    return new SluiceError('ERR_JOB_STORE', `${this.#name}: ${code} ${text}`.trim());
  }
}

/**
 * The buckets of jobs, for whoever only reads them now and then.
 *
 * @param connection the one that there is now; it may throw
 */
export function natsJobStore(connection: () => NatsConnection, answerTimeout: AnswerTimeout): JobStore {
  return {
    jobs: new BucketReader(JOB_BUCKETS.jobs, connection, answerTimeout),
    runners: new BucketReader(JOB_BUCKETS.runners, connection, answerTimeout),
    templates: new BucketReader(JOB_BUCKETS.templates, connection, answerTimeout),
  };
}

/**
 * Removes a template. A mark stays in its place, by which runners see that it has gone.
 *
 * @returns whether there was one
 * @throws SluiceError ERR_JOB_STORE
 */
export async function removeTemplate(
  connection: NatsConnection,
  templates: ReadableTable<JobTemplate>,
  name: string,
  answerTimeout: AnswerTimeout,
): Promise<boolean> {
  const bucket = new KvBucket<JobTemplate>(JOB_BUCKETS.templates.bucket, answerTimeout);
  for (;;) {
    const held = await templates.read(name);
    if (held === undefined) return false;
    const removed = await bucket.remove(connection, name, held.revision);
    if (removed.kind === 'ok') return true;
    if (removed.kind !== 'conflict') throw new SluiceError('ERR_JOB_STORE', `${name}: ${removed.text}`);
  }
}
