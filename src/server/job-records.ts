import type { JobRecords } from '../control/ports.js';
import { SluiceError } from '../core/errors.js';
import { escapeToken } from '../core/escape.js';
import type { EventLayer } from '../events/event-layer.js';
import { AnswerTimeout } from '../nats/answer-timeout.js';
import { JsError } from '../nats/jetstream.js';
import { KvBucket } from '../nats/kv-bucket.js';

/** The bucket in which runners keep who holds which job. */
const BUCKET = 'SLUICE_JOBS';
/** How long an answer of NATS is waited for, and at most, in ms. */
const [ANSWER_MS, MOST_ANSWER_MS] = [2000, 5000];

/** What of a record says who holds the job. It was written by another process, so that nothing is sure. */
interface JobRecord {
  readonly state?: unknown;
  readonly token?: unknown;
}

/** The records of jobs, read over the connection of the event layer. @returns undefined without NATS */
export function jobRecordsOf({ bus }: Pick<EventLayer, 'bus'>): JobRecords | undefined {
  if (bus === undefined) return undefined;
  const { link } = bus;
  const answerTimeout = new AnswerTimeout(ANSWER_MS, MOST_ANSWER_MS);
  const bucket = new KvBucket<JobRecord | null>(BUCKET, answerTimeout);
  return {
    isHeldBy: async (streamId, { template, token }) => {
      const { connection } = link;
      if (connection === undefined) throw new SluiceError('ERR_CTL_BUS_DOWN', 'there is no connection');
      const read = await bucket.get(connection, `${escapeToken(streamId)}.${template}`);
      if (read.ok) return isHeld(read.value.value, read.value.revision, token);
      // No runner has ever made the bucket, so that nobody holds anything.
      if (read.code === JsError.StreamNotFound) return false;
      throw new SluiceError('ERR_CTL_BUS_DOWN', `the record of the job cannot be read: ${read.code} ${read.text}`);
    },
  };
}

/**
 * Whether a record says that the run with a token holds the job. A claim makes the record `held`, and the revision of
 * that write is the token; the next write keeps it in the record, as `running`.
 */
function isHeld(record: JobRecord | null | undefined, revision: number, token: number): boolean {
  if (record?.state === 'held') return revision === token;
  return record?.state === 'running' && record.token === token;
}
