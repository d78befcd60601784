import type {
  NatsMessage,
  NatsOutcome,
  NatsReply,
  NatsRequests,
  NatsSubscription,
} from '../../../src/nats/requests.js';

interface Subscriber {
  readonly owner: FakeRequests;
  readonly pattern: string;
  readonly queue: string | undefined;
  readonly take: (message: NatsMessage) => void;
}

/** A NATS server in memory: subjects, queue groups, no responders. Messages arrive at once. */
export class FakeBus {
  readonly subscribers = new Set<Subscriber>();
  /** Subscriptions to these patterns are refused. */
  readonly refused = new Set<string>();
  /** The longest message, in bytes. */
  maxPayload = 1 << 20;

  client(): FakeRequests {
    return new FakeRequests(this);
  }

  /** Who gets a message: all without a group, and one of each group. */
  takersOf(subject: string): Subscriber[] {
    const groups = new Set<string>();
    return [...this.subscribers].filter(({ owner, pattern, queue }) => {
      if (owner.isFrozen || this.refused.has(pattern) || !matches(pattern, subject)) return false;
      if (queue === undefined) return true;
      const isFirst = !groups.has(queue);
      groups.add(queue);
      return isFirst;
    });
  }
}

/** One client of a {@link FakeBus}. Times are over at once: an answer that does not come now does not come. */
export class FakeRequests implements NatsRequests {
  readonly #bus: FakeBus;
  isConnected = true;
  /** Its subscriptions get nothing, as those of a process that was stopped. */
  isFrozen = false;
  /** What was asked, in order. */
  readonly sent: { readonly subject: string; readonly headers: Readonly<Record<string, string>>; timeoutMs: number }[] =
    [];

  constructor(bus: FakeBus) {
    this.#bus = bus;
  }

  async request(
    subject: string,
    body: Uint8Array,
    timeoutMs: number,
    headers?: Readonly<Record<string, string>>,
  ): Promise<NatsOutcome> {
    let reply: NatsReply | undefined;
    const takeFirst = (first: NatsReply): boolean => {
      reply = first;
      return true;
    };
    const kind = await this.gather(subject, body, timeoutMs, takeFirst, headers);
    if (kind !== 'reply') return { kind };
    return { kind, reply: reply! };
  }

  async gather(
    subject: string,
    body: Uint8Array,
    timeoutMs: number,
    take: (reply: NatsReply) => boolean,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<NatsOutcome['kind']> {
    this.sent.push({ subject, headers, timeoutMs });
    if (!this.isConnected) return 'away';
    const takers = this.#bus.takersOf(subject);
    if (takers.length === 0 && ![...this.#bus.subscribers].some(({ pattern }) => matches(pattern, subject)))
      return 'no_responders';
    let isEnough = false;
    const replies: Promise<void>[] = takers.map(
      (taker) =>
        new Promise((resolve) => {
          const answer = (reply: NatsReply): void => {
            isEnough = isEnough || take(reply);
            resolve();
          };
          taker.take(this.#message(subject, body, headers, answer));
          // A taker that does not answer in some turns of the event loop never does.
          void turns(20).then(resolve);
        }),
    );
    await Promise.all(replies);
    return isEnough ? 'reply' : 'timeout';
  }

  subscribe(subject: string, queue: string | undefined, take: (message: NatsMessage) => void): NatsSubscription {
    const bus = this.#bus;
    const subscriber: Subscriber = { owner: this, pattern: subject, queue, take };
    bus.subscribers.add(subscriber);
    return {
      get isRefused() {
        return bus.refused.has(subject);
      },
      close: () => void bus.subscribers.delete(subscriber),
    };
  }

  #message(
    subject: string,
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
    answer: (reply: NatsReply) => void,
  ): NatsMessage {
    return {
      ...{ subject, body, headers, wantsReply: true },
      reply: (replyBody, replyHeaders = {}) => {
        if (replyBody.length > this.#bus.maxPayload) return false;
        answer({ body: Uint8Array.from(replyBody), headers: replyHeaders });
        return true;
      },
    };
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Whether a subject matches a pattern with `*` and `>`. */
function matches(pattern: string, subject: string): boolean {
  const [wanted, got] = [pattern.split('.'), subject.split('.')];
  for (const [i, token] of wanted.entries()) {
    if (token === '>') return got.length > i;
    if (got[i] === undefined || (token !== '*' && token !== got[i])) return false;
  }
  return wanted.length === got.length;
}
