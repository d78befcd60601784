import { SluiceError } from '../../core/errors.js';
import { AnswerTimeout } from '../../nats/answer-timeout.js';
import type { NatsConnection } from '../../nats/connection.js';
import { type ApiAnswer, JsError, jsRequest } from '../../nats/jetstream.js';

/** Identifies a stream, and says how far it goes. A stream that was deleted and made again has another `created`. */
export interface StreamFacts {
  readonly created: string;
  readonly first: number;
  readonly last: number;
  readonly messages: number;
  /** When the newest message was stored, milliseconds since the epoch; `undefined` for an empty stream. */
  readonly newestMs: number | undefined;
}

/** The configuration and state of a consumer, as far as they are used. Durations in nanoseconds. */
export interface ConsumerInfo {
  readonly name: string;
  readonly num_pending: number;
  readonly ack_floor: { readonly stream_seq: number };
  readonly config: ConsumerConfig;
}

/** A consumer's configuration, as far as it is used. Durations in nanoseconds. */
export interface ConsumerConfig {
  readonly durable_name?: string;
  readonly description?: string;
  readonly filter_subject?: string;
  readonly ack_policy?: 'none' | 'explicit';
  readonly ack_wait?: number;
  readonly max_ack_pending?: number;
  readonly deliver_policy?: string;
  readonly opt_start_seq?: number;
  readonly opt_start_time?: string;
  readonly inactive_threshold?: number;
  readonly mem_storage?: boolean;
  readonly num_replicas?: number;
  readonly [key: string]: unknown;
}

interface RawStreamInfo {
  readonly created: string;
  readonly state: {
    readonly messages: number;
    readonly first_seq: number;
    readonly last_seq: number;
    readonly last_ts: string;
  };
}

/** How long consumers wait for an answer of the JetStream API, milliseconds. */
export function consumerTimeout(): AnswerTimeout {
  return new AnswerTimeout(5000, 20_000);
}

/** Asks which stream there is under a name. */
export async function streamFacts(
  connection: NatsConnection,
  stream: string,
  answerTimeout: AnswerTimeout,
): Promise<ApiAnswer<StreamFacts>> {
  const info = await jsRequest<RawStreamInfo>(connection, `STREAM.INFO.${stream}`, undefined, answerTimeout);
  if (!info.ok) return info;
  const { created, state } = info.value;
  return {
    ok: true,
    value: {
      created,
      first: state.first_seq,
      last: state.last_seq,
      messages: state.messages,
      newestMs: state.messages === 0 ? undefined : Date.parse(state.last_ts),
    },
  };
}

/**
 * Makes a consumer that acknowledges nothing and leaves nothing behind: the server removes it soon after its reader is
 * gone.
 */
export async function makeReader(
  connection: NatsConnection,
  stream: string,
  config: Pick<ConsumerConfig, 'filter_subject' | 'deliver_policy' | 'opt_start_seq' | 'opt_start_time'>,
  answerTimeout: AnswerTimeout,
): Promise<ApiAnswer<ConsumerInfo>> {
  const full: ConsumerConfig = {
    ...config,
    ack_policy: 'none',
    inactive_threshold: 60e9,
    mem_storage: true,
    num_replicas: 1,
  };
  return jsRequest<ConsumerInfo>(
    connection,
    `CONSUMER.CREATE.${stream}`,
    { stream_name: stream, config: full },
    answerTimeout,
    2,
  );
}

/** Removes a consumer. A failure has no consequence. */
export function dropConsumer(connection: NatsConnection, stream: string, name: string): void {
  if (connection.isClosed() || connection.isDraining()) return;
  connection.publish(`$JS.API.CONSUMER.DELETE.${stream}.${name}`);
}

/** The error for an answer, for a program that asked for something that cannot work now. */
export function answerError(stream: string, answer: { readonly code: number | string; readonly text: string }) {
  if (answer.code === JsError.StreamNotFound) return new SluiceError('ERR_EVENTS_STREAM_MISSING', stream);
  return new SluiceError('ERR_EVENTS_UNREACHABLE', `${stream}: ${answer.code} ${answer.text}`.trim());
}
