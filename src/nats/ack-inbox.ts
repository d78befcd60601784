import { NATS_TRACE } from '../core/trace.js';
import type { AnswerTimeout } from './answer-timeout.js';
import type { MsgHdrs, NatsConnection } from './connection.js';
import { inboxOf } from './connection.js';
import { type PublishReply, readPubAck } from './jetstream.js';

interface Attempt {
  readonly subject: string;
  /** Monotonic, milliseconds. */
  readonly sentMs: number;
  readonly resolve: (reply: PublishReply) => void;
  /** The acknowledgement that came after the wait was over. */
  late?: PublishReply;
}

const SWEEP_MS = 100;
/** How long an attempt is remembered after its wait is over. */
const LATE_MS = 60_000;

/**
 * Publishes with acknowledgements over one inbox of its own. The client's `request` makes an error object and a timer
 * for every message, which costs more than all the rest of sending one. Here one sweep serves all, because at any time
 * every wait is equally long.
 *
 * An acknowledgement counts however late it comes: it settles the attempt that waits on the same subject by then (a
 * subject belongs to one event only), or the next one, which is not sent at all. Otherwise nothing would get through
 * while the network is slower than the wait.
 */
export class AckInbox {
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  readonly #answerTimeout: AnswerTimeout;
  readonly #waiting = new Map<string, Attempt>();
  /** Attempts whose wait is over, in order of sending. */
  readonly #overdue = new Map<string, Attempt>();
  #token = 0;
  #sweep: NodeJS.Timeout | undefined;

  constructor(connection: NatsConnection, answerTimeout: AnswerTimeout) {
    this.#connection = connection;
    this.#answerTimeout = answerTimeout;
    this.#inbox = inboxOf(connection);
    connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error !== null) return;
        const token = message.subject.slice(this.#inbox.length + 1);
        // When no stream takes the subject, the server says so with an empty message and a status.
        const reply =
          message.data.length === 0 && message.headers?.code === 503
            ? failed('503', 'no responders')
            : readPubAck(message.string());
        this.#answered(token, reply);
      },
    });
  }

  /**
   * Publishes; never rejects. `data` and `hdrs` are borrowed until return: then they are sent, or in the client's
   * buffer.
   */
  publish(subject: string, data: Uint8Array, hdrs: MsgHdrs): Promise<PublishReply> {
    const known = this.#overdue.size === 0 ? undefined : this.#lateAck(subject);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      const token = (this.#token++).toString(36);
      try {
        this.#connection.publish(subject, data, { headers: hdrs, reply: `${this.#inbox}.${token}` });
      } catch (error) {
        resolve(failed((error as { code?: string }).code ?? 'UNKNOWN', (error as Error).message));
        return;
      }
      if (NATS_TRACE.hasSubscribers)
        NATS_TRACE.publish({ what: 'publish', name: subject, detail: `${data.length} bytes, ${token}` });
      this.#waiting.set(token, { subject, sentMs: performance.now(), resolve });
      if (this.#sweep === undefined) {
        this.#sweep = setInterval(() => this.#expire(), SWEEP_MS);
        this.#sweep.unref();
      }
    });
  }

  /** Whether there are messages of which it is unknown whether they arrived. */
  get awaits(): boolean {
    return this.#waiting.size > 0 || this.#overdue.size > 0;
  }

  /** The server did not let this user publish to `subject`. */
  denied(subject: string): void {
    for (const [token, attempt] of this.#waiting) {
      if (attempt.subject === subject)
        this.#settle(token, failed('PERMISSIONS_VIOLATION', `publishing to ${subject} is not allowed`));
    }
  }

  /** The connection is lost: no acknowledgement of anything that was sent on it will come. */
  disconnected(): void {
    this.#overdue.clear();
    for (const token of [...this.#waiting.keys()]) this.#settle(token, failed('DISCONNECT', 'the connection went'));
  }

  #answered(token: string, reply: PublishReply): void {
    const attempt = this.#waiting.get(token) ?? this.#overdue.get(token);
    if (attempt === undefined) return;
    this.#answerTimeout.took(performance.now() - attempt.sentMs);
    if (this.#waiting.has(token)) {
      this.#settle(token, reply);
      return;
    }
    // A refusal that comes late may be out of date. The next attempt gets the present answer.
    if (reply.kind !== 'ack') {
      this.#overdue.delete(token);
      return;
    }
    for (const [later, { subject }] of this.#waiting) {
      if (subject !== attempt.subject) continue;
      this.#overdue.delete(token);
      this.#settle(later, reply);
      return;
    }
    attempt.late = reply;
  }

  /** The late answer for a subject. Then it and other overdue attempts for it are dropped. */
  #lateAck(subject: string): PublishReply | undefined {
    this.#forget(performance.now());
    let known: PublishReply | undefined;
    for (const attempt of this.#overdue.values()) if (attempt.subject === subject) known ??= attempt.late;
    if (known === undefined) return undefined;
    for (const [token, attempt] of this.#overdue) if (attempt.subject === subject) this.#overdue.delete(token);
    return known;
  }

  #settle(token: string, reply: PublishReply): void {
    const attempt = this.#waiting.get(token);
    if (attempt === undefined) return;
    this.#waiting.delete(token);
    if (NATS_TRACE.hasSubscribers)
      NATS_TRACE.publish({ what: reply.kind, name: attempt.subject, detail: `${token} ${replyDetail(reply)}` });
    attempt.resolve(reply);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  /** Drops attempts that are too old for an acknowledgement. */
  #forget(nowMs: number): void {
    for (const [token, attempt] of this.#overdue) {
      if (attempt.sentMs + LATE_MS > nowMs) return;
      this.#overdue.delete(token);
    }
  }

  #expire(): void {
    const nowMs = performance.now();
    this.#forget(nowMs);
    // They are in order of sending and every wait is equally long, so the first that still has time ends the search.
    for (const [token, attempt] of this.#waiting) {
      if (attempt.sentMs + this.#answerTimeout.ms > nowMs) return;
      this.#overdue.set(token, attempt);
      this.#settle(token, failed('TIMEOUT', 'no acknowledgement in time'));
    }
  }
}

function replyDetail(reply: PublishReply): string {
  return reply.kind === 'ack' ? `sequence ${reply.sequence}` : `${reply.code} ${reply.text}`;
}

function failed(code: string, text: string): PublishReply {
  return { kind: 'failed', code, text };
}
