import { SluiceError } from '../../core/errors.js';
import { within } from '../../core/within.js';
import { streamPattern } from '../../events/consume/pattern.js';
import type { WatchPlaces } from '../../events/consume/snapshot.js';
import { DEFAULT_PREFIX } from '../../events/subjects.js';
import { connectNats, type NatsConnection } from '../../nats/connection.js';
import { ConsumerKeeper } from './durable.js';
import type { StreamHandlers } from './handlers.js';
import type { ConnectOptions, OnStreamOptions, SluiceEvents } from './options.js';
import type { StreamChange } from './stream-change.js';
import { RunningSubscription } from './subscription.js';
import type { StreamSubscription } from './subscription-options.js';
import { watchStreams } from './watch-streams.js';

/** Longest time that closing waits for a server that does not answer, milliseconds. */
const CLOSE_MS = 2000;

class Consumers implements SluiceEvents {
  readonly connection: NatsConnection;
  readonly #places: WatchPlaces;
  readonly #subscriptions = new Set<StreamSubscription>();
  readonly #watches = new AbortController();

  constructor(connection: NatsConnection, o: ConnectOptions) {
    this.connection = connection;
    this.#places = {
      prefix: o.prefix ?? DEFAULT_PREFIX,
      stream: o.stream ?? 'SLUICE_EVENTS',
      streamsBucket: o.streamsBucket ?? 'SLUICE_STREAMS',
      nodesBucket: o.nodesBucket ?? 'SLUICE_NODES',
    };
  }

  async onStream(text: string, handlers: StreamHandlers, o: OnStreamOptions = {}): Promise<StreamSubscription> {
    const { stream, prefix } = this.#places;
    const { durable, ackWaitMs = 30_000, inFlight = 1 } = o;
    check(durable === undefined || /^[A-Za-z0-9_-]+$/.test(durable), 'durable', 'letters, digits, _ and -');
    check(Number.isSafeInteger(inFlight) && inFlight >= 1 && inFlight <= 1000, 'inFlight', '1 to 1000');
    check(Number.isFinite(ackWaitMs) && ackWaitMs >= 100, 'ackWaitMs', 'at least 100 ms');
    const attempts = o.deadLetter?.attempts ?? 1;
    check(Number.isSafeInteger(attempts) && attempts >= 1, 'deadLetter.attempts', '1 or more');
    check(!('attempts' in o), 'attempts', 'deadLetter: { subject, attempts }, or nothing: then it is tried for ever');
    const pattern = streamPattern(text, prefix);
    const stopping = new AbortController();
    const keeper = new ConsumerKeeper(
      this.connection,
      {
        ...{ stream, pattern, durable, ackWaitMs, inFlight },
        from: o.from ?? (durable === undefined ? 'new' : 'all'),
        onConflict: o.onConflict ?? 'refuse',
      },
      stopping.signal,
    );
    await keeper.open();
    const parts = { connection: this.connection, keeper, pattern, handlers, stream, batch: inFlight, stopping };
    const subscription = new RunningSubscription(parts, o);
    this.#subscriptions.add(subscription);
    void subscription.done.finally(() => this.#subscriptions.delete(subscription));
    return subscription;
  }

  watchStreams(pattern = '*', signal?: AbortSignal): AsyncGenerator<StreamChange> {
    const both = signal === undefined ? this.#watches.signal : AbortSignal.any([signal, this.#watches.signal]);
    return watchStreams(this.connection, streamPattern(pattern, this.#places.prefix), this.#places, both);
  }

  async close(): Promise<void> {
    this.#watches.abort();
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.stop()));
    if (this.connection.isClosed()) return;
    // Without a server there is nothing to wait for.
    await within(this.connection.drain(), CLOSE_MS).catch(() => undefined);
    await this.connection.close();
  }
}

function check(isRight: boolean, name: string, expected: string): void {
  if (!isRight) throw new SluiceError('ERR_EVENTS_OPTION', `${name}; expected ${expected}`);
}

/**
 * Connects to the NATS server to which Sluice sends its events. It connects again after every loss, for ever.
 *
 * @throws SluiceError ERR_EVENTS_NATS_OPTIONS; the client's error when no server answers
 */
export async function connect(options: ConnectOptions = {}): Promise<SluiceEvents> {
  const { url = 'nats://127.0.0.1:4222', ...rest } = options;
  const urls = typeof url === 'string' ? [url] : url;
  return new Consumers(await connectNats({ name: 'sluice client', ...rest, urls }), options);
}
