import { SluiceError } from '../../core/errors.js';
import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import type { NatsConnection } from '../../nats/connection.js';
import type { NatsRequests } from '../../nats/requests.js';
import type { JobRecord } from '../record/record.js';
import { askRunner, type RunnerAnswer } from './runner-client.js';
import { startedBy } from './started-by.js';

/** Who has a log. */
export interface LogHolder {
  readonly runnerId: string;
  readonly attempt: number;
}

/** What finds the holder of a log. */
interface Places {
  readonly connection: NatsConnection;
  readonly answerTimeout: AnswerTimeout;
  /** `events.prefix`. */
  readonly prefix: string;
}

/**
 * The runner that has the log of an attempt, by default of the newest that ran.
 *
 * @throws SluiceError ERR_JOB_LOG_LOST when no runner is known to have begun it; ERR_JOB_STORE
 */
export async function holderOfLog(places: Places, record: JobRecord, wanted: number | undefined): Promise<LogHolder> {
  const { by, last } = record;
  if (by !== undefined && (wanted ?? record.attempt) === record.attempt) return holder(by, record.attempt);
  if (last?.by !== undefined && (wanted ?? last.attempt) === last.attempt) return holder(last.by, last.attempt);
  // An older attempt, or the newest was never begun: the event of the start names its runner.
  const { connection, prefix, answerTimeout } = places;
  for (const attempt of wanted === undefined ? [record.attempt, record.attempt - 1] : [wanted]) {
    const found = attempt < 1 ? undefined : await startedBy(connection, prefix, record, attempt, answerTimeout);
    if (found !== undefined) return holder(found, attempt);
  }
  throw new SluiceError(
    'ERR_JOB_LOG_LOST',
    `no runner is known to have begun ${wanted === undefined ? 'the job' : `attempt ${wanted}`}`,
  );
}

function holder(by: string, attempt: number): LogHolder {
  return { runnerId: by.split('.')[0] ?? by, attempt };
}

/**
 * Asks a runner for a piece of a log.
 *
 * @param body what it is asked: `jobId` and `attempt`, and where the piece begins
 * @throws SluiceError ERR_JOB_LOG_LOST when the runner does not answer, because it has the log with it
 */
export async function askForLog(
  requests: NatsRequests,
  prefix: string,
  { runnerId, attempt }: LogHolder,
  body: Parameters<typeof askRunner>[4],
): Promise<RunnerAnswer> {
  try {
    return await askRunner(requests, prefix, runnerId, 'logs', body);
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'ERR_JOB_RUNNER_UNREACHABLE') throw error;
    const detail = `attempt ${attempt} ran on ${runnerId}, which does not answer (${error.detail})`;
    throw new SluiceError('ERR_JOB_LOG_LOST', detail, { cause: error });
  }
}
