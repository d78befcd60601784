import { SluiceError } from '../../core/errors.js';
import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import type { NatsConnection } from '../../nats/connection.js';
import { JsError, lastMessage } from '../../nats/jetstream.js';
import type { JobRecord } from '../record/record.js';
import { startedSubject } from '../tell/job-event.js';
import { JOB_EVENTS } from './job-events.js';

/**
 * Runner and boot that began an attempt, as its event says.
 *
 * @returns undefined when there is no such event
 * @throws SluiceError ERR_JOB_STORE
 */
export async function startedBy(
  connection: NatsConnection,
  prefix: string,
  record: JobRecord,
  attempt: number,
  answerTimeout: AnswerTimeout,
): Promise<string | undefined> {
  const held = await lastMessage(connection, JOB_EVENTS, startedSubject(prefix, record, attempt), answerTimeout);
  if (!held.ok) {
    if (held.code === JsError.MessageNotFound || held.code === JsError.StreamNotFound) return undefined;
    throw new SluiceError('ERR_JOB_STORE', `${JOB_EVENTS}: ${held.code} ${held.text}`);
  }
  try {
    const { data } = JSON.parse(held.value.data.toString('utf8')) as { readonly data?: { readonly by?: unknown } };
    return typeof data?.by === 'string' ? data.by : undefined;
  } catch {
    return undefined;
  }
}
