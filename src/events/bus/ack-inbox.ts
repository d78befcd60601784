import type { MsgHdrs, NatsConnection } from '../nats.js';
import { inboxOf } from '../nats.js';
import { type PublishReply, readPubAck } from './js-api.js';

interface Waiting {
  readonly subject: string;
  readonly deadlineMs: number;
  readonly resolve: (reply: PublishReply) => void;
}

const SWEEP_MS = 100;

/**
 * Publishes with acknowledgements over one inbox of its own. The client's `request` makes an error object and a timer for every
 * message, which costs more than all the rest of sending one; here one sweep serves all, for every wait is equally long.
 */
export class AckInbox {
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<string, Waiting>();
  #token = 0;
  #sweep: NodeJS.Timeout | undefined;

  constructor(connection: NatsConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#inbox = inboxOf(connection);
    connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error !== null) return;
        const token = message.subject.slice(this.#inbox.length + 1);
        // A server that knows no taker of the subject says so with an empty message and a status.
        if (message.data.length === 0 && message.headers?.code === 503)
          this.#settle(token, failed('503', 'no responders'));
        else this.#settle(token, readPubAck(message.string()));
      },
    });
  }

  /** Publishes; never rejects. `data` and `hdrs` are borrowed until return, they are on their way or in the client's buffer then. */
  publish(subject: string, data: Uint8Array, hdrs: MsgHdrs): Promise<PublishReply> {
    return new Promise((resolve) => {
      const token = (this.#token++).toString(36);
      try {
        this.#connection.publish(subject, data, { headers: hdrs, reply: `${this.#inbox}.${token}` });
      } catch (error) {
        resolve(failed((error as { code?: string }).code ?? 'UNKNOWN', (error as Error).message));
        return;
      }
      this.#waiting.set(token, { subject, deadlineMs: performance.now() + this.#timeoutMs, resolve });
      if (this.#sweep === undefined) {
        this.#sweep = setInterval(() => this.#expire(), SWEEP_MS);
        this.#sweep.unref();
      }
    });
  }

  /** The server did not let this user publish to `subject`. */
  denied(subject: string): void {
    for (const [token, waiting] of this.#waiting) {
      if (waiting.subject === subject)
        this.#settle(token, failed('PERMISSIONS_VIOLATION', `publishing to ${subject} is not allowed`));
    }
  }

  /** The connection went: no acknowledgement of what was sent on it will come. */
  disconnected(): void {
    for (const token of [...this.#waiting.keys()]) this.#settle(token, failed('DISCONNECT', 'the connection went'));
  }

  #settle(token: string, reply: PublishReply): void {
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    this.#waiting.delete(token);
    waiting.resolve(reply);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #expire(): void {
    const nowMs = performance.now();
    // In order of sending, and every wait is equally long: the first that still has time ends the search.
    for (const [token, waiting] of this.#waiting) {
      if (waiting.deadlineMs > nowMs) return;
      this.#settle(token, failed('TIMEOUT', 'no acknowledgement in time'));
    }
  }
}

function failed(code: string, text: string): PublishReply {
  return { kind: 'failed', code, text };
}
