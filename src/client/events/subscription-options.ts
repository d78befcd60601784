/**
 * What a running subscription tells of itself. `waiting`: no events can be had for now, and why; `resumed`: they come
 * again; `consumer_remade`: its consumer had been deleted and was made anew where it had come to; `stream_remade`: the
 * stream is another one, read from its beginning: what the old one held and was not handled yet is gone with it;
 * `closed`: the connection is closed for good, and the subscription with it.
 */
export interface SubscriptionNotice {
  readonly kind: 'waiting' | 'resumed' | 'consumer_remade' | 'stream_remade' | 'closed';
  readonly detail: string;
}

/** Where events go whose handler keeps failing. */
export interface DeadLetter {
  /**
   * Subject of a JetStream stream of yours; each event is published there once, as it came, with the error in its
   * headers.
   */
  readonly subject: string;
  /** Tries of an event, the first included. Default 5. */
  readonly attempts?: number;
}

/** How a subscription behaves. */
export interface SubscriptionOptions {
  /**
   * Gives an event up after some tries, and keeps it there. Without it an event is tried again for ever, every ten
   * seconds at last.
   */
  readonly deadLetter?: DeadLetter;
  /**
   * Told each time a handler fails, with the number of the try, and of what is no event by its schema (which goes to
   * the dead letters, or is passed over). Default: prints one line to standard error.
   */
  readonly onError?: (error: Error, event: unknown, attempt: number) => void;
  /** Told what happens to the subscription itself. Default: prints one line to standard error. */
  readonly onNotice?: (notice: SubscriptionNotice) => void;
}

/** A running `onStream`. Events are handled one after the other. */
export interface StreamSubscription {
  /** Resolves when the subscription has ended, by {@link stop} or with the connection. */
  readonly done: Promise<void>;
  /** Stops: the event being handled is finished and acknowledged, later ones stay with the server. */
  stop(): Promise<void>;
}
