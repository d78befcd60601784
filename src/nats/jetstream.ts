import { NATS_TRACE } from '../core/trace.js';
import type { AnswerTimeout } from './answer-timeout.js';
import { type Msg, type MsgHdrs, type NatsConnection, NatsError, natsErrorCode } from './connection.js';

/** An answer of the JetStream API, or why there is none. */
export type ApiAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: number | string; readonly text: string };

/** What `$JS.API.STREAM.INFO` says, as far as it is used. */
export interface StreamInfo {
  /** Subjects that match the filter, of which a page is in `state.subjects`. */
  readonly total?: number;
  /** When the stream was made (RFC 3339). */
  readonly created?: string;
  readonly config: StreamConfig;
  readonly state: {
    readonly messages: number;
    readonly bytes: number;
    readonly first_seq: number;
    readonly first_ts?: string;
    readonly last_seq: number;
    readonly subjects?: Record<string, number>;
  };
}

/** A JetStream stream's configuration, as far as it is used. Durations in nanoseconds. */
export interface StreamConfig {
  readonly name: string;
  readonly subjects?: readonly string[];
  readonly retention?: string;
  readonly storage?: string;
  readonly discard?: string;
  readonly num_replicas?: number;
  readonly max_age?: number;
  readonly max_bytes?: number;
  readonly max_msgs?: number;
  readonly max_msgs_per_subject?: number;
  readonly duplicate_window?: number;
  readonly allow_direct?: boolean;
  readonly sealed?: boolean;
  readonly no_ack?: boolean;
  readonly [key: string]: unknown;
}

/** A message as `$JS.API.STREAM.MSG.GET` returns it. */
export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  readonly time: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly data: Buffer;
}

/** The JetStream error codes that are handled. */
export const JsError = {
  StreamNotFound: 10059,
  MessageNotFound: 10037,
  StreamNameInUse: 10058,
  WrongLastSequence: 10071,
  WrongLastSequenceConstant: 10164,
  StoreFailed: 10077,
  MessageExceedsMaximum: 10054,
  NotEnabledForAccount: 10039,
  NotEnabled: 10076,
} as const;

/** Makes a request. An answer that comes too late still shows how long answers take. */
async function ask(
  connection: NatsConnection,
  subject: string,
  data: Uint8Array | string | undefined,
  answerTimeout: AnswerTimeout,
  o: { readonly times?: number; readonly headers?: MsgHdrs } = {},
): Promise<Msg> {
  const { times = 1, headers } = o;
  const askedMs = performance.now();
  const waitMs = answerTimeout.ms * times;
  if (NATS_TRACE.hasSubscribers) NATS_TRACE.publish({ what: 'request', name: subject });
  const answer = connection.request(subject, data, {
    timeout: Math.max(waitMs, answerTimeout.mostMs),
    ...(headers === undefined ? {} : { headers }),
  });
  answer.then(
    () => answerTimeout.took((performance.now() - askedMs) / times),
    () => undefined,
  );
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NatsError('no answer in time', 'TIMEOUT')), waitMs);
  });
  try {
    const message = await Promise.race([answer, tooLate]);
    if (NATS_TRACE.hasSubscribers)
      NATS_TRACE.publish({ what: 'answer', name: subject, detail: `${message.data.length} bytes` });
    return message;
  } catch (error) {
    if (NATS_TRACE.hasSubscribers)
      NATS_TRACE.publish({ what: 'no_answer', name: subject, detail: natsErrorCode(error) });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * One request to the JetStream API. Never rejects.
 *
 * @param verb what follows `$JS.API.`
 * @param times how many times the usual time-out is waited
 */
export async function jsRequest<T>(
  connection: NatsConnection,
  verb: string,
  body: object | undefined,
  answerTimeout: AnswerTimeout,
  times = 1,
): Promise<ApiAnswer<T>> {
  try {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const message = await ask(connection, `$JS.API.${verb}`, text, answerTimeout, { times });
    const answer = message.json<T & { error?: { err_code?: number; code?: number; description?: string } }>();
    if (answer.error === undefined) return { ok: true, value: answer };
    return { ok: false, code: answer.error.err_code ?? answer.error.code ?? 0, text: answer.error.description ?? '' };
  } catch (error) {
    return { ok: false, code: natsErrorCode(error), text: (error as Error).message };
  }
}

/** The last message of a subject (wildcards allowed), from the stream's leader. */
export async function lastMessage(
  connection: NatsConnection,
  stream: string,
  subject: string,
  answerTimeout: AnswerTimeout,
): Promise<ApiAnswer<StoredMessage>> {
  return stored(
    await jsRequest<RawMessage>(connection, `STREAM.MSG.GET.${stream}`, { last_by_subj: subject }, answerTimeout),
  );
}

/** The first message of a subject (wildcards allowed) from a position on, from the stream's leader. */
export async function nextMessage(
  connection: NatsConnection,
  stream: string,
  subject: string,
  from: number,
  answerTimeout: AnswerTimeout,
): Promise<ApiAnswer<StoredMessage>> {
  const body = { seq: from, next_by_subj: subject };
  return stored(await jsRequest<RawMessage>(connection, `STREAM.MSG.GET.${stream}`, body, answerTimeout));
}

/**
 * Every subject that matches `filter` and of which a stream holds a message. A server lists a hundred thousand at a
 * time, so they are requested page by page.
 */
export async function subjectsOf(
  connection: NatsConnection,
  stream: string,
  filter: string,
  answerTimeout: AnswerTimeout,
): Promise<ApiAnswer<string[]>> {
  const found: string[] = [];
  for (;;) {
    const query = { subjects_filter: filter, offset: found.length };
    const page = await jsRequest<StreamInfo>(connection, `STREAM.INFO.${stream}`, query, answerTimeout, 5);
    if (!page.ok) return page;
    const subjects = Object.keys(page.value.state.subjects ?? {});
    for (const subject of subjects) found.push(subject);
    if (subjects.length === 0 || found.length >= (page.value.total ?? 0)) return { ok: true, value: found };
  }
}

interface RawMessage {
  readonly message: {
    readonly subject: string;
    readonly seq: number;
    readonly time: string;
    readonly hdrs?: string;
    readonly data?: string;
  };
}

function stored(answer: ApiAnswer<RawMessage>): ApiAnswer<StoredMessage> {
  if (!answer.ok) return answer;
  const { subject, seq, time, hdrs, data } = answer.value.message;
  return {
    ok: true,
    value: { subject, seq, time, headers: parseHeaders(hdrs), data: Buffer.from(data ?? '', 'base64') },
  };
}

function parseHeaders(encoded: string | undefined): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  const lines = Buffer.from(encoded ?? '', 'base64')
    .toString('utf8')
    .split('\r\n');
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0) out.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return out;
}

/** The server's answer to a publish, or the client's error. */
export type PublishReply =
  | { readonly kind: 'ack'; readonly sequence: number; readonly duplicate: boolean }
  | { readonly kind: 'refused'; readonly code: number; readonly text: string }
  | { readonly kind: 'failed'; readonly code: string; readonly text: string };

/** Publishes with an acknowledgement. Never rejects. `data` is borrowed until the reply. */
export async function publish(
  connection: NatsConnection,
  subject: string,
  data: Uint8Array,
  hdrs: MsgHdrs,
  answerTimeout: AnswerTimeout,
): Promise<PublishReply> {
  try {
    return readPubAck((await ask(connection, subject, data, answerTimeout, { headers: hdrs })).string());
  } catch (error) {
    return { kind: 'failed', code: natsErrorCode(error), text: (error as Error).message };
  }
}

/** Reads the JSON of a PubAck. */
export function readPubAck(text: string): PublishReply {
  let answer: {
    seq?: number;
    duplicate?: boolean;
    stream?: string;
    error?: { err_code?: number; code?: number; description?: string };
  };
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    return { kind: 'failed', code: 'BAD_ACK', text: 'the answer is not JSON' };
  }
  if (answer.error !== undefined) {
    return {
      kind: 'refused',
      code: answer.error.err_code ?? answer.error.code ?? 0,
      text: answer.error.description ?? '',
    };
  }
  if (typeof answer.stream !== 'string' || typeof answer.seq !== 'number') {
    return { kind: 'failed', code: 'BAD_ACK', text: 'the answer is not an acknowledgement' };
  }
  // A leader of a replicated stream that has lost its followers answers like this to a second attempt (2.10.27): the
  // first one waits to be replicated, and is lost when another leader is elected.
  if (answer.seq < 1) return { kind: 'failed', code: 'NOT_STORED', text: 'an earlier attempt waits to be replicated' };
  return { kind: 'ack', sequence: answer.seq, duplicate: answer.duplicate === true };
}
