import type { AnswerTimeout } from '../nats/answer-timeout.js';
import type { NatsConnection } from '../nats/connection.js';
import { JsError, lastMessage, subjectsOf } from '../nats/jetstream.js';
import { KvBucket } from '../nats/kv-bucket.js';
import { heartbeatOf } from './bus/held-values.js';
import { lastCounted } from './bus/last-of-stream.js';
import type { NodeState, StreamEnded } from './event-types.js';
import { END_TYPE, eventFilter, nodeKey, parseStreamSubject, sequenceIn } from './subjects.js';

/** Where the cluster keeps what is known of it. */
interface DirectoryOptions {
  /** `events.prefix`. */
  readonly prefix: string;
  /** `events.stream`. */
  readonly stream: string;
  readonly nodesBucket: string;
}

/** What a read brings, or in one sentence why it cannot be read. */
type Known<T> = { readonly value: T } | { readonly trouble: string };

/** When and why a stream has ended. */
interface StreamEnd {
  /** ISO 8601. */
  readonly endedAt: string;
  readonly reason: string;
}

/** Looks up in NATS which nodes there are and how streams ended. It writes nothing, and nothing rejects. */
export class Directory {
  readonly #o: DirectoryOptions;
  readonly #connection: () => NatsConnection | undefined;
  readonly #answerTimeout: AnswerTimeout;
  readonly #nodes: KvBucket<NodeState>;

  constructor(o: DirectoryOptions, connection: () => NatsConnection | undefined, answerTimeout: AnswerTimeout) {
    this.#o = o;
    this.#connection = connection;
    this.#answerTimeout = answerTimeout;
    this.#nodes = new KvBucket<NodeState>(o.nodesBucket, answerTimeout);
  }

  /** The processes whose heartbeat is kept; those that are taken for lost (`state`) until their streams are ended. */
  async nodes(): Promise<Known<readonly NodeState[]>> {
    const connection = this.#connection();
    if (connection === undefined) return { trouble: 'there is no connection' };
    const keys = await this.#nodes.keys(connection);
    if (!keys.ok) return { trouble: `${this.#o.nodesBucket}: ${keys.code} ${keys.text}` };
    const states = await Promise.all(
      keys.value.map(async (key) => ({ key, held: await this.#nodes.get(connection, key) })),
    );
    const found: NodeState[] = [];
    for (const { key, held } of states) {
      if (!held.ok) return { trouble: `${this.#o.nodesBucket}: ${held.code} ${held.text}` };
      const value = heartbeatOf(key, held.value.value);
      if (value !== undefined) found.push(value);
    }
    return { value: found };
  }

  /**
   * The heartbeat of one process, as the leader of the bucket has it now.
   *
   * @returns `value`: undefined when there is none, or it is taken for lost
   */
  async node(nodeId: string, bootId: string): Promise<Known<NodeState | undefined>> {
    const connection = this.#connection();
    if (connection === undefined) return { trouble: 'there is no connection' };
    const key = nodeKey(nodeId, bootId);
    const held = await this.#nodes.get(connection, key);
    if (!held.ok) return { trouble: `${this.#o.nodesBucket}: ${held.code} ${held.text}` };
    const value = heartbeatOf(key, held.value.value);
    return { value: value?.state === 'lost' ? undefined : value };
  }

  /**
   * How far a stream has come by the events that are kept: the sequence of the last one, 0 for none.
   *
   * @returns `ended`: it has an end; undefined: that cannot be read now
   */
  async lastOf(streamId: string): Promise<number | 'ended' | undefined> {
    const connection = this.#connection();
    if (connection === undefined) return undefined;
    const { prefix, stream } = this.#o;
    const last = await lastCounted(
      prefix,
      { streamId },
      {
        last: (subject) => lastMessage(connection, stream, subject, this.#answerTimeout),
        subjects: (filter) => subjectsOf(connection, stream, filter, this.#answerTimeout),
      },
    );
    if (!last.ok) return last.code === JsError.MessageNotFound ? 0 : undefined;
    const parts = parseStreamSubject(last.value.subject);
    // An end has no number there.
    return (parts && sequenceIn(parts)) ?? 'ended';
  }

  /** The end of a stream, as its event tells it; `value` is undefined when none is kept. */
  async endOf(streamId: string): Promise<Known<StreamEnd | undefined>> {
    const connection = this.#connection();
    if (connection === undefined) return { trouble: 'there is no connection' };
    const { prefix, stream } = this.#o;
    const subject = eventFilter(prefix, { streamId, type: END_TYPE });
    const held = await lastMessage(connection, stream, subject, this.#answerTimeout);
    if (!held.ok)
      return held.code === JsError.MessageNotFound
        ? { value: undefined }
        : { trouble: `${stream}: ${held.code} ${held.text}` };
    try {
      const { data } = JSON.parse(held.value.data.toString('utf8')) as { data: StreamEnded };
      return { value: { endedAt: data.endedAt, reason: data.reason } };
    } catch {
      return { value: undefined };
    }
  }
}
