import type { NatsOptions } from '../../nats/options.js';
import type { StreamHandlers } from './handlers.js';
import type { StreamChange } from './stream-change.js';
import type { StreamSubscription, SubscriptionOptions } from './subscription-options.js';

/** Where the events are. Everything but the server has a default that fits a Sluice with its own defaults. */
export interface ConnectOptions extends Partial<Omit<NatsOptions, 'urls'>> {
  /** `nats://HOST:PORT`, or several; default `nats://127.0.0.1:4222`. */
  readonly url?: string | readonly string[];
  readonly prefix?: string;
  readonly stream?: string;
  readonly streamsBucket?: string;
  readonly nodesBucket?: string;
}

/** Options of `onStream`. */
export interface OnStreamOptions extends SubscriptionOptions {
  /**
   * Name of a durable consumer: the server remembers how far it came, also over restarts, and several processes with
   * one name share the work. Without it the subscription is gone with the process.
   */
  readonly durable?: string;
  /**
   * Where a new consumer begins; an existing durable one goes on where it was. Default `new` without, `all` with
   * `durable`.
   */
  readonly from?: 'all' | 'new' | { readonly timeMs: number };
  /**
   * How long the server waits for a sign of life about an event that is being handled before it gives the event to
   * another process, in ms. The sign is given four times in that time, however long the handler takes, as long as it
   * does not block the event loop. Default 30 000.
   */
  readonly ackWaitMs?: number;
  /**
   * Events that are delivered at a time, in all processes of a durable consumer together. With 1, the default, they
   * always come in order. A larger number is quicker over a long distance; then later events overtake those that a
   * crash or a lost connection held up.
   */
  readonly inFlight?: number;
  /**
   * What to do when the durable consumer was made for another pattern. Default `refuse`: ERR_EVENTS_CONSUMER_CONFLICT.
   */
  readonly onConflict?: 'refuse' | 'update';
}

/**
 * The part of the NATS connection that can be described without that package's types. With them, cast it to its
 * `NatsConnection`.
 */
export interface EventsConnection {
  publish(subject: string, data?: Uint8Array | string): void;
  flush(): Promise<void>;
  isClosed(): boolean;
  getServer(): string;
}

/** A connection to the events of Sluice. */
export interface SluiceEvents {
  /** The NATS connection, for anything that is not covered here. */
  readonly connection: EventsConnection;

  /**
   * Calls handlers for the events of the streams that `pattern` matches: a glob of `APP/NAME` (`live/*`, `live/cam1`;
   * `*` matches every one, and `live` is the same as `live/*`). Events come in order, each once (duplicates are
   * recognised by id and position), checked against their schema, and are acknowledged when the handler is done. A
   * handler that fails is called again until it succeeds, or as `deadLetter` says. When the consumer or the stream is
   * deleted, it is restored, and `onNotice` is called.
   *
   * @throws SluiceError ERR_EVENTS_STREAM_MISSING, ERR_EVENTS_UNREACHABLE, ERR_EVENTS_CONSUMER_CONFLICT,
   *   ERR_EVENTS_OPTION
   */
  onStream(pattern: string, handlers: StreamHandlers, options?: OnStreamOptions): Promise<StreamSubscription>;

  /**
   * The live streams that `pattern` matches, then every later event of theirs, without a gap or a duplicate. Streams
   * that were over when it is called are not included.
   *
   * @param signal ends the iteration; so does {@link close}
   * @throws SluiceError ERR_EVENTS_STREAM_MISSING, ERR_EVENTS_UNREACHABLE
   */
  watchStreams(pattern?: string, signal?: AbortSignal): AsyncGenerator<StreamChange>;

  /** Finishes what is being handled, acknowledges it and closes the connection. */
  close(): Promise<void>;
}
