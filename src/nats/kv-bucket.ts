import type { AnswerTimeout } from './answer-timeout.js';
import { type NatsConnection, natsHeaders } from './connection.js';
import { type ApiAnswer, JsError, jsRequest, lastMessage, publish, type StreamInfo, subjectsOf } from './jetstream.js';
import { outcomeOf } from './publish-outcome.js';
import { StreamMaker } from './stream-maker.js';

/** A value of a bucket with its revision. */
export interface KvEntry<T> {
  readonly value: T;
  readonly revision: number;
}

/**
 * The result of a write. `conflict`: the revision was another. `denied`: this user may not, which is the only lasting
 * failure. `missing`: the subject is not served: the bucket is gone, or its stream has no leader now. `refused`: the
 * server cannot now. `no_answer`: there was none, or none that counts.
 */
export type KvWrite =
  | { readonly kind: 'ok'; readonly revision: number }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'denied' | 'missing' | 'refused' | 'no_answer'; readonly text: string };

/**
 * Whether a bucket exists, and when it was made (RFC 3339). `denied`: this user may not see it or make it;
 * `unavailable`: that is unknown, or impossible now.
 */
export type KvCheck =
  | { readonly kind: 'ok'; readonly created?: string }
  | { readonly kind: 'denied' | 'unavailable'; readonly code: number | string; readonly text: string };

/**
 * A key-value bucket over plain JetStream requests: reads go to the leader, works from nats-server 2.9 on. Nothing
 * rejects.
 */
export class KvBucket<T> {
  readonly #stream: string;
  readonly #subject: string;
  readonly #answerTimeout: AnswerTimeout;
  readonly #maker: StreamMaker;

  constructor(name: string, answerTimeout: AnswerTimeout) {
    this.#stream = `KV_${name}`;
    this.#subject = `$KV.${name}.`;
    this.#answerTimeout = answerTimeout;
    this.#maker = new StreamMaker(this.#stream, answerTimeout);
  }

  /** Makes the bucket when it is missing. */
  async ensure(connection: NatsConnection, replicas: number, description: string): Promise<KvCheck> {
    const info = await this.#maker.info(connection);
    if (info.ok || info.code !== JsError.StreamNotFound) return checked(info);
    const made = await this.#maker.make(connection, {
      name: this.#stream,
      description,
      subjects: [`${this.#subject}>`],
      retention: 'limits',
      storage: 'file',
      discard: 'new',
      num_replicas: replicas,
      max_msgs_per_subject: 1,
      max_msgs: -1,
      max_bytes: -1,
      max_age: 0,
      max_msg_size: -1,
      max_consumers: -1,
      allow_rollup_hdrs: true,
      deny_delete: true,
      deny_purge: false,
      allow_direct: false,
      duplicate_window: 120e9,
    });
    return checked(made);
  }

  /** Writes a value; with `revision` only when that is still the newest (0: when there is none). */
  put(connection: NatsConnection, key: string, value: T, revision?: number): Promise<KvWrite> {
    return this.#write(connection, key, Buffer.from(JSON.stringify(value), 'utf8'), {}, revision);
  }

  /** Deletes a key, when `revision` is still the newest. */
  remove(connection: NatsConnection, key: string, revision?: number): Promise<KvWrite> {
    return this.#write(connection, key, Buffer.alloc(0), { 'KV-Operation': 'DEL' }, revision);
  }

  /**
   * Reads a key. When the value is `undefined`, the key does not exist or holds no object (its last revision is
   * returned all the same, 0 for none).
   */
  async get(connection: NatsConnection, key: string): Promise<ApiAnswer<KvEntry<T | undefined>>> {
    const held = await lastMessage(connection, this.#stream, `${this.#subject}${key}`, this.#answerTimeout);
    if (!held.ok)
      return held.code === JsError.MessageNotFound ? { ok: true, value: { value: undefined, revision: 0 } } : held;
    const revision = held.value.seq;
    if (held.value.headers.has('kv-operation')) return { ok: true, value: { value: undefined, revision } };
    try {
      const value: unknown = JSON.parse(held.value.data.toString('utf8'));
      // Other programs may write to the bucket; all that is kept here are objects.
      const isObject = typeof value === 'object' && value !== null;
      return { ok: true, value: { value: isObject ? (value as T) : undefined, revision } };
    } catch {
      return { ok: true, value: { value: undefined, revision } };
    }
  }

  /** Every key that was ever written and is still kept; deleted ones may be among them. */
  async keys(connection: NatsConnection): Promise<ApiAnswer<string[]>> {
    const held = await subjectsOf(connection, this.#stream, `${this.#subject}>`, this.#answerTimeout);
    return held.ok ? { ok: true, value: held.value.map((subject) => subject.slice(this.#subject.length)) } : held;
  }

  /**
   * Removes a key and every trace of it, up to a revision.
   *
   * @returns whether the server did
   */
  async purge(connection: NatsConnection, key: string, revision: number): Promise<boolean> {
    const body = { filter: `${this.#subject}${key}`, seq: revision + 1 };
    const answer = await jsRequest(connection, `STREAM.PURGE.${this.#stream}`, body, this.#answerTimeout);
    return answer.ok;
  }

  async #write(
    connection: NatsConnection,
    key: string,
    data: Buffer,
    extra: Record<string, string>,
    revision: number | undefined,
  ): Promise<KvWrite> {
    const hdrs = natsHeaders(
      revision === undefined ? extra : { ...extra, 'Nats-Expected-Last-Subject-Sequence': String(revision) },
    );
    const reply = await publish(connection, `${this.#subject}${key}`, data, hdrs, this.#answerTimeout);
    if (reply.kind === 'ack') return { kind: 'ok', revision: reply.sequence };
    const text = `${reply.code} ${reply.text}`;
    if (reply.code === 'PERMISSIONS_VIOLATION') return { kind: 'denied', text };
    const outcome = outcomeOf(reply);
    if (outcome.kind === 'taken') return { kind: 'conflict' };
    if (outcome.kind !== 'wait' || outcome.why === 'stream_full') return { kind: 'refused', text };
    return { kind: outcome.why === 'stream_missing' ? 'missing' : 'no_answer', text };
  }
}

function checked(answer: ApiAnswer<StreamInfo>): KvCheck {
  if (answer.ok)
    return answer.value.created === undefined ? { kind: 'ok' } : { kind: 'ok', created: answer.value.created };
  const { code, text } = answer;
  return { kind: code === 'PERMISSIONS_VIOLATION' ? 'denied' : 'unavailable', code, text };
}
