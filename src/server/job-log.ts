import type { Facts } from '../control/ports.js';
import { SluiceError } from '../core/errors.js';
import { unknownJob } from '../jobs/desk/job-acts.js';
import type { JobStore } from '../jobs/desk/job-desk.js';
import { askForLog, holderOfLog } from '../jobs/nats/log-holder.js';
import { keyOfJobId } from '../jobs/record/record.js';
import type { AnswerTimeout } from '../nats/answer-timeout.js';
import type { NatsConnection } from '../nats/connection.js';
import type { NatsRequests } from '../nats/requests.js';

/** What reads logs of runners. */
interface LogReader {
  readonly store: Pick<JobStore, 'jobs'>;
  readonly requests: NatsRequests;
  readonly connection: NatsConnection;
  readonly answerTimeout: AnswerTimeout;
  /** `events.prefix`. */
  readonly prefix: string;
}

/** How much of the end of a log is answered, in bytes. */
const END_BYTES = 32 * 1024;

/**
 * A piece of the log of an attempt, asked of the runner that has it. A cursor names the attempt and a place in its log.
 *
 * @param wanted attempt; undefined: the newest that ran
 * @param cursor of the answer before; undefined: the end of the log
 * @throws SluiceError ERR_JOB_UNKNOWN; ERR_JOB_LOG_LOST; ERR_JOB_STORE; ERR_CTL_BAD_REQUEST; what the runner refuses
 */
export async function jobLog(
  { store, requests, prefix, ...places }: LogReader,
  jobId: string,
  wanted: number | undefined,
  cursor: string | undefined,
): Promise<Facts> {
  const key = keyOfJobId(jobId);
  const record = key === undefined ? undefined : (await store.jobs.read(key))?.value;
  if (record === undefined) throw unknownJob(jobId);
  const from = cursor === undefined ? undefined : placeOf(cursor);
  const holder = await holderOfLog({ ...places, prefix }, record, wanted ?? from?.attempt);
  const { attempt } = holder;
  // Another attempt than that of the cursor begins at its own end.
  const where = from?.attempt === attempt ? { place: from.place } : { lastBytes: END_BYTES };
  const outcome = await askForLog(requests, prefix, holder, { jobId, attempt, ...where });
  if (!outcome.ok) {
    const { code, detail, retryAfterS } = outcome.problem;
    throw new SluiceError(code, detail, { details: retryAfterS === undefined ? {} : { retryAfterS } });
  }
  const { text, attempts, isEnd, place, progress } = outcome.answer;
  const { file, offset } = place as unknown as Place;
  return {
    ...{ jobId, attempt, attempts: attempts ?? [], text: text ?? '', isEnd: isEnd === true },
    ...(progress === undefined ? {} : { progress }),
    cursor: Buffer.from(`${attempt} ${file} ${offset}`).toString('base64url'),
  };
}

// No interface: one could get further members, and this is sent.
type Place = { readonly file: number; readonly offset: number };

function placeOf(cursor: string): { readonly attempt: number; readonly place: Place } {
  const [attempt, file, offset] = Buffer.from(cursor, 'base64url').toString('latin1').split(' ').map(Number);
  if (![attempt, file, offset].every(Number.isSafeInteger)) {
    const errors = [{ pointer: '/cursor', expected: 'the cursor of an answer before', got: 'another text' }];
    throw new SluiceError('ERR_CTL_BAD_REQUEST', '/cursor: the cursor of an answer before was expected', {
      details: { errors },
    });
  }
  return { attempt: attempt!, place: { file: file!, offset: offset! } };
}
