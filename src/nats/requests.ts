/** The answer to a request. */
export interface NatsReply {
  readonly body: Uint8Array;
  /** By name as sent; the last value of each. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What became of a request. `away`: there is no connection, or it went before an answer came; `refused`: this user may
 * not publish to the subject or get answers, or the server takes no messages of that size.
 */
export type NatsOutcome =
  | { readonly kind: 'reply'; readonly reply: NatsReply }
  | { readonly kind: 'no_responders' | 'timeout' | 'away' | 'refused' };

/** An answer that nobody waits for: another one had come before (`second`), or none had in time (`late`). */
export type SurplusReply = 'second' | 'late';

/** A message that came, and the way back. */
export interface NatsMessage extends NatsReply {
  readonly subject: string;
  /** Whether an answer is wanted. */
  readonly wantsReply: boolean;
  /**
   * Answers.
   *
   * @param body borrowed until return
   * @returns whether it was sent: not when no answer is wanted, when there is no connection any more, or when the
   *   server takes no messages of that size
   */
  reply(body: Uint8Array, headers?: Readonly<Record<string, string>>): boolean;
}

/** A subscription that is made again with every connection. */
export interface NatsSubscription {
  /** Whether the server does not let this user subscribe. It is tried again with the next connection. */
  readonly isRefused: boolean;
  close(): void;
}

/**
 * Requests and subscriptions over the one NATS connection of the process. Subscriptions outlive the connection. Nothing
 * here throws for a connection that is away.
 */
export interface NatsRequests {
  /** Whether there is a connection now. */
  readonly isConnected: boolean;
  /**
   * Sends a request and waits for the first answer.
   *
   * @param timeoutMs at most; no responders are known sooner
   * @param surplus told of each answer that comes when none is waited for any more
   */
  request(
    subject: string,
    body: Uint8Array,
    timeoutMs: number,
    headers?: Readonly<Record<string, string>>,
    surplus?: (kind: SurplusReply) => void,
  ): Promise<NatsOutcome>;
  /**
   * Sends a request that several may answer, and gives each answer to `take` until it returns true or the time is over.
   *
   * @returns `reply` once `take` returned true; `timeout` when the time was over first, whether or not answers came
   */
  gather(
    subject: string,
    body: Uint8Array,
    timeoutMs: number,
    take: (reply: NatsReply) => boolean,
    headers?: Readonly<Record<string, string>>,
  ): Promise<NatsOutcome['kind']>;
  /** @param queue queue group; undefined: none */
  subscribe(subject: string, queue: string | undefined, take: (message: NatsMessage) => void): NatsSubscription;
}
