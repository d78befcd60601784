import { NATS_TRACE } from '../core/trace.js';
import { inboxOf, type Msg, type NatsConnection, type NatsLink, natsErrorCode, natsHeaders } from './connection.js';
import type { NatsMessage, NatsOutcome, NatsReply, NatsRequests, NatsSubscription, SurplusReply } from './requests.js';

type Headers = Readonly<Record<string, string>>;
type Take = (message: NatsMessage) => void;
type Surplus = (kind: SurplusReply) => void;

/** Most requests that are over and remembered for answers that may still come. */
const MAX_OVER = 1024;

/** A request that waits for answers. */
interface Waiting {
  readonly subject: string;
  readonly take: (reply: NatsReply) => boolean;
  readonly resolve: (kind: NatsOutcome['kind']) => void;
  readonly timer: NodeJS.Timeout;
  readonly surplus: Surplus | undefined;
}

/** The inbox of one connection: answers to requests that were sent on it. */
interface Inbox {
  readonly connection: NatsConnection;
  readonly prefix: string;
  /** Whether this user may not subscribe to it, so that no answer can come. */
  isRefused: boolean;
}

/** What requests need of a link. */
type RequestLink = Pick<NatsLink, 'connection' | 'onState' | 'onDenied'>;

/**
 * Requests and subscriptions over a {@link NatsLink}. All answers come to one inbox. The client's own `request` neither
 * takes several answers nor ends when the connection goes: its caller would wait until the time is over.
 */
export class LinkRequests implements NatsRequests {
  readonly #link: RequestLink;
  readonly #waiting = new Map<string, Waiting>();
  /** What to do about answers to requests that are over, by token; those that ended first stand first. */
  readonly #over = new Map<string, () => void>();
  readonly #subscriptions = new Set<LinkSubscription>();
  #inbox: Inbox | undefined;
  #token = 0;

  /** @param link not started yet, so that no state is missed */
  constructor(link: RequestLink) {
    this.#link = link;
    link.onState((state) => {
      if (state !== 'connected') this.#settleAll('away');
      const { connection } = link;
      if (connection === undefined) return;
      // The server may permit the inbox now: the client is the same one after it has connected again.
      if (this.#inbox?.isRefused === true) this.#inbox = undefined;
      for (const subscription of this.#subscriptions) subscription.open(connection);
    });
    link.onDenied((subject) => this.#settleAll('refused', subject));
  }

  get isConnected(): boolean {
    return this.#link.connection !== undefined;
  }

  async request(
    subject: string,
    body: Uint8Array,
    timeoutMs: number,
    headers?: Headers,
    surplus?: Surplus,
  ): Promise<NatsOutcome> {
    let reply: NatsReply | undefined;
    const takeFirst = (first: NatsReply): boolean => {
      reply = first;
      return true;
    };
    const kind = await this.#ask(subject, body, timeoutMs, takeFirst, headers, surplus);
    if (kind !== 'reply') return { kind };
    return reply === undefined ? { kind: 'timeout' } : { kind, reply };
  }

  gather(
    subject: string,
    body: Uint8Array,
    timeoutMs: number,
    take: (reply: NatsReply) => boolean,
    headers?: Headers,
  ): Promise<NatsOutcome['kind']> {
    return this.#ask(subject, body, timeoutMs, take, headers, undefined);
  }

  #ask(
    subject: string,
    body: Uint8Array,
    timeoutMs: number,
    take: (reply: NatsReply) => boolean,
    headers: Headers | undefined,
    surplus: Surplus | undefined,
  ): Promise<NatsOutcome['kind']> {
    const inbox = this.#openInbox();
    if (inbox === undefined) return Promise.resolve('away');
    if (inbox.isRefused) return Promise.resolve('refused');
    return new Promise((resolve) => {
      const token = (this.#token++).toString(36);
      try {
        inbox.connection.publish(subject, body, {
          reply: `${inbox.prefix}.${token}`,
          ...(headers === undefined ? {} : { headers: natsHeaders(headers) }),
        });
      } catch (error) {
        trace('no_answer', subject, natsErrorCode(error));
        resolve(natsErrorCode(error) === 'MAX_PAYLOAD_EXCEEDED' ? 'refused' : 'away');
        return;
      }
      trace('request', subject, `${body.length} bytes`);
      const timer = setTimeout(() => this.#settle(token, 'timeout'), timeoutMs);
      this.#waiting.set(token, { subject, take, resolve, timer, surplus });
    });
  }

  subscribe(subject: string, queue: string | undefined, take: Take): NatsSubscription {
    const subscription = new LinkSubscription(subject, queue, take, () => this.#subscriptions.delete(subscription));
    this.#subscriptions.add(subscription);
    const { connection } = this.#link;
    if (connection !== undefined) subscription.open(connection);
    return subscription;
  }

  /** The inbox of the present connection; every connection has its own. */
  #openInbox(): Inbox | undefined {
    const { connection } = this.#link;
    if (connection === undefined) return undefined;
    if (this.#inbox?.connection === connection) return this.#inbox;
    const inbox: Inbox = { connection, prefix: inboxOf(connection), isRefused: false };
    try {
      connection.subscribe(`${inbox.prefix}.*`, {
        callback: (error, message) => {
          if (error === null) {
            this.#answered(message.subject.slice(inbox.prefix.length + 1), message);
            return;
          }
          inbox.isRefused = true;
          if (inbox === this.#inbox) this.#settleAll('refused');
        },
      });
    } catch {
      // The connection closes at this moment.
      return undefined;
    }
    this.#inbox = inbox;
    return inbox;
  }

  #answered(token: string, message: Msg): void {
    // When nobody subscribes to the subject, the server says so with an empty message and a status.
    if (message.data.length === 0 && message.headers?.code === 503) {
      this.#settle(token, 'no_responders');
      return;
    }
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) {
      this.#over.get(token)?.();
      return;
    }
    trace('answer', waiting.subject, `${message.data.length} bytes`);
    if (waiting.take({ body: message.data, headers: plainHeaders(message) })) this.#settle(token, 'reply');
  }

  #settle(token: string, kind: NatsOutcome['kind']): void {
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    this.#waiting.delete(token);
    clearTimeout(waiting.timer);
    const { surplus } = waiting;
    if (surplus !== undefined) this.#remember(token, () => surplus(kind === 'reply' ? 'second' : 'late'));
    if (kind !== 'reply') trace('no_answer', waiting.subject, kind);
    waiting.resolve(kind);
  }

  #remember(token: string, surplus: () => void): void {
    this.#over.set(token, surplus);
    if (this.#over.size > MAX_OVER) this.#over.delete(this.#over.keys().next().value!);
  }

  /** @param subject only requests to it; undefined: all */
  #settleAll(kind: NatsOutcome['kind'], subject?: string): void {
    for (const [token, waiting] of this.#waiting) {
      if (subject === undefined || waiting.subject === subject) this.#settle(token, kind);
    }
  }
}

/** One subscription, over all connections that there are one after the other. */
class LinkSubscription implements NatsSubscription {
  readonly #subject: string;
  readonly #queue: string | undefined;
  readonly #take: Take;
  readonly #forget: () => void;
  #current: { readonly connection: NatsConnection; unsubscribe(): void } | undefined;
  #isRefused = false;
  #isClosed = false;

  constructor(subject: string, queue: string | undefined, take: Take, forget: () => void) {
    this.#subject = subject;
    this.#queue = queue;
    this.#take = take;
    this.#forget = forget;
  }

  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Subscribes, unless the client does that by itself: it repeats all that it has when it connects again. */
  open(connection: NatsConnection): void {
    if (this.#isClosed || (this.#current?.connection === connection && !this.#isRefused)) return;
    this.#isRefused = false;
    try {
      const subscription = connection.subscribe(this.#subject, {
        ...(this.#queue === undefined ? {} : { queue: this.#queue }),
        callback: (error, message) => {
          if (error !== null) this.#refused(connection);
          else if (!this.#isClosed) this.#came(message);
        },
      });
      this.#current = { connection, unsubscribe: () => subscription.unsubscribe() };
    } catch {
      // The connection closes at this moment; the next one is told.
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#forget();
    const { connection, unsubscribe } = this.#current ?? {};
    if (connection?.isClosed() === false) unsubscribe?.();
    this.#current = undefined;
  }

  #refused(connection: NatsConnection): void {
    if (this.#current?.connection !== connection) return;
    this.#isRefused = true;
    trace('subscription_refused', this.#subject);
  }

  #came(message: Msg): void {
    trace('message', message.subject, `${message.data.length} bytes`);
    this.#take({
      subject: message.subject,
      body: message.data,
      headers: plainHeaders(message),
      wantsReply: message.reply !== undefined && message.reply !== '',
      reply: (body, headers) => {
        try {
          const isSent = message.respond(body, headers === undefined ? {} : { headers: natsHeaders(headers) });
          if (isSent) trace('reply', message.subject, `${body.length} bytes`);
          return isSent;
        } catch (error) {
          trace('no_reply', message.subject, natsErrorCode(error));
          return false;
        }
      },
    });
  }
}

function plainHeaders(message: Msg): Headers {
  const out: Record<string, string> = {};
  for (const [name, values] of message.headers ?? []) out[name] = values.at(-1) ?? '';
  return out;
}

function trace(what: string, name: string, detail?: string): void {
  if (NATS_TRACE.hasSubscribers) NATS_TRACE.publish({ what, name, ...(detail === undefined ? {} : { detail }) });
}
