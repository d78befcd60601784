/**
 * A notice about a running subscription. `waiting`: no events are available for now, and why; `resumed`: they come
 * again; `consumer_remade`: its consumer had been deleted and was made again at the position that was reached;
 * `stream_remade`: the stream is another one, read from its beginning; events of the old one that were not handled yet
 * are gone with it; `closed`: the connection is closed for good, and the subscription with it.
 */
export interface SubscriptionNotice {
  readonly kind: 'waiting' | 'resumed' | 'consumer_remade' | 'stream_remade' | 'closed';
  readonly detail: string;
}

/** The subject for events whose handler keeps failing. */
export interface DeadLetter {
  /**
   * Subject of one of your JetStream streams. Each event is published there once, as it came, with the error in its
   * headers.
   */
  readonly subject: string;
  /** Tries of an event, the first included. Default 5. */
  readonly attempts?: number;
}

/** Options of a subscription. */
export interface SubscriptionOptions {
  /**
   * Abandons an event after some tries and stores it there. Without it an event is tried again for ever, at last every
   * ten seconds.
   */
  readonly deadLetter?: DeadLetter;
  /**
   * Called each time a handler fails, with the number of the try, and for events that do not match their schema (which
   * go to the dead letters, or are skipped). Default: prints one line to standard error.
   */
  readonly onError?: (error: Error, event: unknown, attempt: number) => void;
  /** Called with what happens to the subscription itself. Default: prints one line to standard error. */
  readonly onNotice?: (notice: SubscriptionNotice) => void;
}

/** A running `onStream`. Events are handled one after the other. */
export interface StreamSubscription {
  /** Resolves when the subscription has ended, by {@link stop} or with the connection. */
  readonly done: Promise<void>;
  /** Stops: the event that is being handled is finished and acknowledged, later ones stay with the server. */
  stop(): Promise<void>;
}
