import { setTimeout as delay } from 'node:timers/promises';
import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import type { NatsConnection } from '../../nats/connection.js';
import { JsError } from '../../nats/jetstream.js';
import type { Delivery } from './delivery.js';
import { type Loss, Puller } from './puller.js';
import {
  answerError,
  consumerTimeout,
  dropConsumer,
  makeReader,
  type StreamFacts,
  streamFacts,
} from './stream-info.js';

/**
 * Where reading begins: at a position, at a time (milliseconds since the epoch), at the oldest message, or with the
 * next one.
 */
export type ReadFrom = { readonly sequence: number } | { readonly timeMs: number } | 'all' | 'new';

/** What is read, and from where. */
interface ReadOptions {
  readonly stream: string;
  /** Subject filter. */
  readonly filter: string;
  readonly from: ReadFrom;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /**
   * `created` of the stream from which `from` was taken. When another stream has that name now, reading begins with
   * `remade`.
   */
  readonly created?: string;
  /** Called once each time reading stops, and with `undefined` when it goes on. */
  readonly onTrouble?: (what: string | undefined) => void;
}

/**
 * What a reader gets. `remade`: the stream is another one than before, or its next message is gone already. Messages
 * are missing, and reading goes on at the oldest that there is.
 */
type ReadItem = { readonly kind: 'message'; readonly delivery: Delivery } | { readonly kind: 'remade' };

const BATCH = 500;
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5000;

/**
 * Reads a stream in order: history first, then new messages. It ends only by its signal or with the connection.
 * Whatever happens to its consumer, the server or the network, it goes on behind the last message that it gave, and
 * says so when it cannot.
 *
 * @throws SluiceError ERR_EVENTS_STREAM_MISSING, ERR_EVENTS_UNREACHABLE when it cannot even begin
 */
export async function* readItems(connection: NatsConnection, o: ReadOptions): AsyncGenerator<ReadItem> {
  const reader = new OrderedReader(connection, o);
  try {
    yield* reader.items();
  } finally {
    await reader.close();
  }
}

/** Does the same, for callers that only want messages, from whichever stream there is. */
export async function* readStream(connection: NatsConnection, o: ReadOptions): AsyncGenerator<Delivery> {
  for await (const item of readItems(connection, o)) if (item.kind === 'message') yield item.delivery;
}

class OrderedReader {
  readonly #connection: NatsConnection;
  readonly #o: ReadOptions;
  readonly #answerTimeout: AnswerTimeout = consumerTimeout();
  /** The last position that was given or skipped; `undefined` while reading begins at a time. */
  #position: number | undefined;
  #created: string | undefined;
  #consumer: string | undefined;
  #puller: Puller | undefined;

  constructor(connection: NatsConnection, o: ReadOptions) {
    this.#connection = connection;
    this.#o = o;
    this.#created = o.created;
    if (o.from === 'all') this.#position = 0;
    else if (typeof o.from === 'object' && 'sequence' in o.from) this.#position = o.from.sequence - 1;
  }

  async *items(): AsyncGenerator<ReadItem> {
    const { signal } = this.#o;
    const onAbort = (): void => void this.#puller?.close();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      // A reader that knows the stream already has begun before.
      for (let first = this.#created === undefined; !this.#isOver(); first = false) {
        const remade = await this.#open(first);
        if (this.#isOver()) return;
        if (remade) yield { kind: 'remade' };
        yield* this.#messages();
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async close(): Promise<void> {
    const [puller, consumer] = [this.#puller, this.#consumer];
    this.#puller = undefined;
    this.#consumer = undefined;
    await puller?.close();
    if (consumer !== undefined) dropConsumer(this.#connection, this.#o.stream, consumer);
  }

  /** Gives messages until something fails. Then the consumer is abandoned. */
  async *#messages(): AsyncGenerator<ReadItem> {
    const puller = this.#puller!;
    for (let ordinal = 1; ; ordinal++) {
      const item: Delivery | Loss = await puller.next();
      if (this.#isOver()) return;
      // A gap in the consumer's messages: one was lost.
      if (typeof item === 'string' || item.ordinal !== ordinal) break;
      this.#position = item.position;
      yield { kind: 'message', delivery: item };
    }
    await this.close();
  }

  #isOver(): boolean {
    return this.#o.signal.aborted || this.#connection.isClosed() || this.#connection.isDraining();
  }

  /**
   * Makes a consumer behind the last position, however long that takes.
   *
   * @param first whether a failure is an error, because nothing has been read yet
   * @returns whether the stream is another one now
   */
  async #open(first: boolean): Promise<boolean> {
    const { stream, onTrouble } = this.#o;
    let remade = false;
    let told = false;
    for (let waitMs = FIRST_PAUSE_MS; !this.#isOver(); waitMs = Math.min(waitMs * 2, LAST_PAUSE_MS)) {
      const before = await streamFacts(this.#connection, stream, this.#answerTimeout);
      const made = before.ok ? await this.#make(before.value) : before;
      const after = made.ok ? await streamFacts(this.#connection, stream, this.#answerTimeout) : made;
      if (before.ok && made.ok && after.ok && before.value.created === after.value.created) {
        if (this.#isOther(before.value)) {
          // The consumer was made behind a position that this stream does not have.
          dropConsumer(this.#connection, stream, made.value.name);
          this.#position = 0;
          this.#created = before.value.created;
          remade = true;
          continue;
        }
        this.#created = before.value.created;
        this.#consumer = made.value.name;
        if (this.#o.from === 'new') this.#position ??= before.value.last;
        this.#puller = new Puller(this.#connection, { stream, consumer: made.value.name, batch: BATCH });
        if (told) onTrouble?.(undefined);
        return remade;
      }
      if (made.ok) dropConsumer(this.#connection, stream, made.value.name);
      const failed = [before, made, after].find((answer) => !answer.ok);
      if (failed?.ok === false) {
        if (first) throw answerError(stream, failed);
        if (!told) onTrouble?.(failed.code === JsError.StreamNotFound ? 'the stream is gone' : failed.text);
        told = true;
      }
      await delay(waitMs, undefined, { signal: this.#o.signal }).catch(() => undefined);
    }
    return remade;
  }

  #make(facts: StreamFacts) {
    const { from, stream, filter } = this.#o;
    const start =
      this.#position !== undefined
        ? { deliver_policy: 'by_start_sequence', opt_start_seq: this.#position + 1 }
        : typeof from === 'object' && 'timeMs' in from
          ? { deliver_policy: 'by_start_time', opt_start_time: new Date(from.timeMs).toISOString() }
          : { deliver_policy: 'by_start_sequence', opt_start_seq: facts.last + 1 };
    return makeReader(this.#connection, stream, { filter_subject: filter, ...start }, this.#answerTimeout);
  }

  /** Whether going on behind the last position would leave messages out, or is impossible. */
  #isOther(facts: StreamFacts): boolean {
    if (this.#created !== undefined && this.#created !== facts.created) return true;
    const position = this.#position ?? 0;
    return position > 0 && (facts.last < position || facts.first > position + 1);
  }
}
