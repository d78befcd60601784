import { AckPolicy, connectNats, DeliverPolicy, type NatsConnection } from '../../events/nats.js';
import type { NatsOptions } from '../../events/options.js';
import { streamPattern } from './pattern.js';
import { type StreamHandlers, StreamSubscription, type SubscriptionOptions } from './subscription.js';
import { type StreamChange, watchStreams } from './watch-streams.js';

/** Where the events are. Everything but the server has a default that fits a Sluice with its own defaults. */
export interface ConnectOptions extends Partial<Omit<NatsOptions, 'urls'>> {
  /** `nats://HOST:PORT`, or several; default `nats://127.0.0.1:4222`. */
  readonly url?: string | readonly string[];
  readonly prefix?: string;
  readonly stream?: string;
  readonly streamsBucket?: string;
  readonly nodesBucket?: string;
}

/** What `onStream` is to do. */
export interface OnStreamOptions extends SubscriptionOptions {
  /**
   * Name of a durable consumer: the server remembers how far it came, also over restarts, and several processes with one name share
   * the work. Without it the subscription is gone with the process.
   */
  readonly durable?: string;
  /** Where a new consumer begins; an existing durable one goes on where it was. Default `new` without, `all` with `durable`. */
  readonly from?: 'all' | 'new' | { readonly timeMs: number };
  /** How long an event may be worked on before the server gives it to another, milliseconds. Default 30 000. */
  readonly ackWaitMs?: number;
}

/** A connection to the events of Sluice. */
export class SluiceEvents {
  /** The NATS connection, for anything that is not covered here. */
  readonly connection: NatsConnection;
  readonly #o: Required<Pick<ConnectOptions, 'prefix' | 'stream' | 'streamsBucket' | 'nodesBucket'>>;
  readonly #subscriptions = new Set<StreamSubscription>();
  readonly #watches = new AbortController();

  constructor(connection: NatsConnection, o: ConnectOptions) {
    this.connection = connection;
    this.#o = {
      prefix: o.prefix ?? 'sluice.v1',
      stream: o.stream ?? 'SLUICE_EVENTS',
      streamsBucket: o.streamsBucket ?? 'SLUICE_STREAMS',
      nodesBucket: o.nodesBucket ?? 'SLUICE_NODES',
    };
  }

  /**
   * Calls handlers for the events of the streams that `pattern` means (`live/*`, `live/cam1`, `*`): in order, each once (duplicates are
   * told by id), checked against their schema, acknowledged when the handler is done.
   *
   * @throws the client's error when the stream is not there or the consumer may not be made
   */
  async onStream(pattern: string, handlers: StreamHandlers, o: OnStreamOptions = {}): Promise<StreamSubscription> {
    const wanted = streamPattern(pattern, this.#o.prefix);
    const manager = await this.connection.jetstreamManager();
    const from = o.from ?? (o.durable === undefined ? 'new' : 'all');
    const known =
      o.durable === undefined
        ? undefined
        : await manager.consumers.info(this.#o.stream, o.durable).catch(() => undefined);
    const made =
      known ??
      (await manager.consumers.add(this.#o.stream, {
        ...(o.durable === undefined ? { inactive_threshold: 300e9 } : { durable_name: o.durable }),
        filter_subject: wanted.filter,
        ack_policy: AckPolicy.Explicit,
        ack_wait: (o.ackWaitMs ?? 30_000) * 1e6,
        max_ack_pending: 1000,
        ...start(from),
      }));
    const consumer = await this.connection.jetstream().consumers.get(this.#o.stream, made.name);
    const messages = await consumer.consume({ max_messages: 100 });
    const source = { stop: () => messages.stop(), [Symbol.asyncIterator]: () => messages[Symbol.asyncIterator]() };
    const subscription = new StreamSubscription(source, wanted, handlers, o);
    this.#subscriptions.add(subscription);
    void subscription.done.finally(() => this.#subscriptions.delete(subscription));
    return subscription;
  }

  /**
   * The live streams that `pattern` means, then every event of theirs from there on: no gap, no double.
   *
   * @param signal ends the iteration; so does {@link close}
   */
  watchStreams(pattern = '*', signal?: AbortSignal): AsyncGenerator<StreamChange> {
    const both = signal === undefined ? this.#watches.signal : AbortSignal.any([signal, this.#watches.signal]);
    return watchStreams(this.connection, streamPattern(pattern, this.#o.prefix), this.#o, both);
  }

  /** Finishes what is being handled, acknowledges it and closes the connection. */
  async close(): Promise<void> {
    this.#watches.abort();
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.stop()));
    await this.connection.drain();
  }
}

/**
 * Connects to the NATS server that Sluice sends its events to. Reconnects by itself for ever.
 *
 * @throws ERR_EVENTS_NATS_OPTIONS; the client's error when no server answers
 */
export async function connect(options: ConnectOptions = {}): Promise<SluiceEvents> {
  const { url = 'nats://127.0.0.1:4222', ...rest } = options;
  const urls = typeof url === 'string' ? [url] : url;
  return new SluiceEvents(await connectNats({ name: 'sluice client', ...rest, urls }), options);
}

function start(from: 'all' | 'new' | { readonly timeMs: number }): object {
  if (from === 'all') return { deliver_policy: DeliverPolicy.All };
  if (from === 'new') return { deliver_policy: DeliverPolicy.New };
  return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(from.timeMs).toISOString() };
}
