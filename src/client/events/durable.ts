import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../../core/errors.js';
import type { StreamPattern } from '../../events/consume/pattern.js';
import {
  answerError,
  type ConsumerConfig,
  type ConsumerInfo,
  consumerTimeout,
  dropConsumer,
  type StreamFacts,
  streamFacts,
} from '../../events/consume/stream-info.js';
import type { NatsConnection } from '../../nats/connection.js';
import { type ApiAnswer, JsError, jsRequest } from '../../nats/jetstream.js';

/** The consumer that a subscription needs. */
export interface ConsumerWish {
  readonly stream: string;
  readonly pattern: StreamPattern;
  readonly durable: string | undefined;
  readonly from: 'all' | 'new' | { readonly timeMs: number };
  readonly ackWaitMs: number;
  readonly inFlight: number;
  readonly onConflict: 'refuse' | 'update';
}

/** The result of {@link ConsumerKeeper.restore}. */
export type Restored = 'found' | 'consumer_remade' | 'stream_remade';

const CONSUMER_NOT_FOUND = 10014;
/** Code of this file: a consumer began at a position of another stream. */
const MISPLACED = 'MISPLACED';
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5000;
const DESCRIPTION = 'sluice onStream ';
/** A consumer without a name is kept this long without its reader: over restarts of the server and lost connections. */
const EPHEMERAL_NS = 300e9;

/**
 * Makes sure that a subscription has its consumer: finds it, makes it, and makes it again at the position that was
 * reached when it or the stream was deleted. `floor` is the position up to which everything is settled; it belongs to
 * the stream that `created` names.
 */
export class ConsumerKeeper {
  readonly #connection: NatsConnection;
  readonly #wish: ConsumerWish;
  readonly #signal: AbortSignal;
  readonly #answerTimeout = consumerTimeout();
  #name: string;
  #ackWaitMs: number;
  #created: string | undefined;
  /** `undefined` while the consumer begins at a time and nothing has come yet. */
  #floor: number | undefined;
  /** The position at which the newest consumer was asked to begin, and the stream to which it belongs. */
  #asked: { readonly created: string | undefined; readonly start: number } | undefined;
  /** The stream turned out to be another one, which {@link restore} has not reported yet. */
  #isRemade = false;
  #isRestoring = false;

  constructor(connection: NatsConnection, wish: ConsumerWish, signal: AbortSignal) {
    this.#connection = connection;
    this.#wish = wish;
    this.#signal = signal;
    this.#name = wish.durable ?? '';
    this.#ackWaitMs = wish.ackWaitMs;
  }

  /** Name of the consumer at the server. */
  get name(): string {
    return this.#name;
  }

  /** How long the server waits for a sign of life about an event, in ms. */
  get ackWaitMs(): number {
    return this.#ackWaitMs;
  }

  /** Everything up to this position is settled. */
  get floor(): number {
    return this.#floor ?? 0;
  }

  /** Notes that an event is settled, and with it all before it when they come one by one. */
  settled(position: number): void {
    if (this.#wish.inFlight === 1 && position > this.floor) this.#floor = position;
  }

  /**
   * Finds or makes the consumer.
   *
   * @throws SluiceError ERR_EVENTS_STREAM_MISSING, ERR_EVENTS_UNREACHABLE, ERR_EVENTS_CONSUMER_CONFLICT
   */
  async open(): Promise<void> {
    const facts = await streamFacts(this.#connection, this.#wish.stream, this.#answerTimeout);
    // A user who may only read from a consumer that others have made cannot see the stream.
    if (!facts.ok && facts.code !== 'PERMISSIONS_VIOLATION') throw answerError(this.#wish.stream, facts);
    this.#created = facts.ok ? facts.value.created : undefined;
    if (this.#wish.from === 'all') this.#floor = 0;
    if (this.#wish.from === 'new') this.#floor = facts.ok ? facts.value.last : undefined;
    const found = this.#wish.durable === undefined ? undefined : await this.#find();
    if (found !== undefined) return this.#reconcile(found);
    let made = await this.#make();
    // It is made again each time the stream was made again.
    while (!made.ok && made.code === MISPLACED) made = await this.#make();
    if (!made.ok) throw answerError(this.#wish.stream, made);
    this.#adopt(made.value);
    this.#isRemade = false;
  }

  /**
   * Makes sure that there is a consumer again, however long that takes, until the signal aborts.
   *
   * @param onWait called once with why it takes longer
   */
  async restore(onWait: (why: string) => void): Promise<Restored> {
    let told = false;
    this.#isRestoring = true;
    try {
      for (let waitMs = FIRST_PAUSE_MS; !this.#isOver(); waitMs = Math.min(waitMs * 2, LAST_PAUSE_MS)) {
        const outcome = await this.#tryRestore();
        if (outcome.ok) return outcome.value;
        if (!told) onWait(outcome.code === JsError.StreamNotFound ? 'the stream is gone' : outcome.text);
        told = true;
        await delay(waitMs, undefined, { signal: this.#signal }).catch(() => undefined);
      }
      return 'found';
    } finally {
      this.#isRestoring = false;
    }
  }

  /** Whether other processes, or events out of order, settle events that are not seen here. */
  get mustLearn(): boolean {
    return this.#wish.durable !== undefined || this.#wish.inFlight > 1;
  }

  /** Takes over what the server knows to be settled. */
  async learn(): Promise<void> {
    // While the consumer is being restored, it is unknown whether the present one is right.
    if (this.#isOver() || this.#isRestoring) return;
    const created = this.#created;
    const info = await this.#info();
    if (info.ok && !this.#isRestoring && created === this.#created)
      this.#floor = Math.max(this.floor, info.value.ack_floor.stream_seq);
  }

  /** Whether the stream is the one to which the floor belongs. It is asked when a position seems to go back. */
  async isSameStream(): Promise<boolean> {
    for (let waitMs = FIRST_PAUSE_MS; !this.#isOver(); waitMs = Math.min(waitMs * 2, LAST_PAUSE_MS)) {
      const facts = await streamFacts(this.#connection, this.#wish.stream, this.#answerTimeout);
      if (facts.ok) return !this.#isAnother(facts.value);
      if (facts.code === 'PERMISSIONS_VIOLATION') return true;
      await delay(waitMs, undefined, { signal: this.#signal }).catch(() => undefined);
    }
    return true;
  }

  /** Removes a consumer that no other process can use. */
  release(): void {
    if (this.#wish.durable === undefined && this.#name !== '')
      dropConsumer(this.#connection, this.#wish.stream, this.#name);
  }

  /** Whether it is another stream than before; from then on the floor belongs to the new one. */
  #isAnother(facts: StreamFacts): boolean {
    const another = this.#created !== undefined && this.#created !== facts.created;
    // A stream that ends before the position that was read has lost its end, which is as if it were another one.
    const cut = this.#floor !== undefined && facts.last < this.#floor;
    this.#created = facts.created;
    if (another || cut) this.#floor = 0;
    return another || cut;
  }

  async #tryRestore(): Promise<{ ok: true; value: Restored } | { ok: false; code: number | string; text: string }> {
    const facts = await streamFacts(this.#connection, this.#wish.stream, this.#answerTimeout);
    if (!facts.ok && facts.code !== 'PERMISSIONS_VIOLATION') return facts;
    if (facts.ok && this.#isAnother(facts.value)) this.#isRemade = true;
    const info = await this.#info();
    if (!info.ok && info.code !== CONSUMER_NOT_FOUND) return info;
    if (info.ok && this.#isMisplaced(info.value)) return this.#drop(info.value.name);
    // Another process may make it at the same moment, at the position that it has reached; then it is found the next
    // time.
    const had = info.ok ? info : await this.#make();
    if (!had.ok) return had;
    this.#adopt(had.value);
    const isRemade = this.#isRemade;
    this.#isRemade = false;
    return { ok: true, value: isRemade ? 'stream_remade' : info.ok ? 'found' : 'consumer_remade' };
  }

  /**
   * Whether an existing consumer was asked for by this process at a position of the stream before this one. The answer
   * was lost, and the request was carried out when the stream had been made again. It would leave out the beginning of
   * the new stream.
   */
  #isMisplaced({ config }: ConsumerInfo): boolean {
    const asked = this.#asked;
    if (asked === undefined || asked.created === undefined || asked.created === this.#created) return false;
    return asked.start > 1 && config.opt_start_seq === asked.start;
  }

  /** Removes a consumer that begins in the wrong place. The next request comes after it on the same connection. */
  #drop(name: string): { readonly ok: false; readonly code: string; readonly text: string } {
    dropConsumer(this.#connection, this.#wish.stream, name);
    return { ok: false, code: MISPLACED, text: `the stream was made anew; ${name} begins too late` };
  }

  async #find(): Promise<ConsumerInfo | undefined> {
    const info = await this.#info();
    if (info.ok) return info.value;
    if (info.code === CONSUMER_NOT_FOUND) return undefined;
    throw answerError(this.#wish.stream, info);
  }

  async #info(): Promise<ApiAnswer<ConsumerInfo>> {
    const verb = `CONSUMER.INFO.${this.#wish.stream}.${this.#name}`;
    return whole(await jsRequest<ConsumerInfo>(this.#connection, verb, undefined, this.#answerTimeout));
  }

  #adopt(info: ConsumerInfo): void {
    this.#name = info.name;
    this.#ackWaitMs = (info.config.ack_wait ?? this.#wish.ackWaitMs * 1e6) / 1e6;
  }

  /** A durable consumer of that name exists: it goes on, unless it was made for other streams. */
  async #reconcile(found: ConsumerInfo): Promise<void> {
    const { pattern, durable, onConflict } = this.#wish;
    const { description = '', filter_subject: filter = '' } = found.config;
    const before = description.startsWith(DESCRIPTION) ? description.slice(DESCRIPTION.length) : undefined;
    const differs = filter !== pattern.filter || (before !== undefined && before !== pattern.text);
    if (differs && onConflict === 'refuse') {
      const detail = `${durable} is for ${before ?? filter}, not for ${pattern.text}`;
      throw new SluiceError('ERR_EVENTS_CONSUMER_CONFLICT', detail);
    }
    this.#floor = found.ack_floor.stream_seq;
    this.#adopt(found);
    const { ack_wait: ackWait, max_ack_pending: pending } = found.config;
    const wanted = this.#config();
    if (!differs && ackWait === wanted.ack_wait && pending === wanted.max_ack_pending) return;
    const { deliver_policy, opt_start_seq, opt_start_time } = found.config;
    const kept = {
      deliver_policy,
      ...(opt_start_seq === undefined ? {} : { opt_start_seq }),
      ...(opt_start_time === undefined ? {} : { opt_start_time }),
    };
    const updated = await this.#create({ ...found.config, ...wanted, ...kept });
    if (updated.ok) this.#adopt(updated.value);
    // A user who may not change it uses it as it is, when it is the right one.
    else if (differs) throw answerError(this.#wish.stream, updated);
  }

  #config(): ConsumerConfig {
    const { durable, pattern, ackWaitMs, inFlight } = this.#wish;
    return {
      ...(durable === undefined ? { inactive_threshold: EPHEMERAL_NS } : { durable_name: durable }),
      description: `${DESCRIPTION}${pattern.text}`,
      filter_subject: pattern.filter,
      ack_policy: 'explicit',
      ack_wait: ackWaitMs * 1e6,
      max_ack_pending: inFlight,
    };
  }

  /** Makes the consumer; `MISPLACED` when the stream turns out to have been made again before the server did so. */
  async #make(): Promise<ApiAnswer<ConsumerInfo>> {
    const { from, stream } = this.#wish;
    if (this.#floor !== undefined) this.#asked = { created: this.#created, start: this.#floor + 1 };
    const start =
      this.#floor !== undefined
        ? { deliver_policy: 'by_start_sequence', opt_start_seq: this.#floor + 1 }
        : typeof from === 'object'
          ? { deliver_policy: 'by_start_time', opt_start_time: new Date(from.timeMs).toISOString() }
          : { deliver_policy: from };
    const made = await this.#create({ ...this.#config(), ...start });
    if (!made.ok || this.#created === undefined) return made;
    const after = await streamFacts(this.#connection, stream, this.#answerTimeout);
    if (after.ok && this.#isAnother(after.value)) {
      this.#isRemade = true;
      return this.#drop(made.value.name);
    }
    if (after.ok || after.code === 'PERMISSIONS_VIOLATION') return made;
    // The result is unknown. A durable consumer is found the next time, another one is not.
    if (this.#wish.durable === undefined) dropConsumer(this.#connection, stream, made.value.name);
    return after;
  }

  async #create(config: ConsumerConfig): Promise<ApiAnswer<ConsumerInfo>> {
    const { stream, durable } = this.#wish;
    const verb = durable === undefined ? `CONSUMER.CREATE.${stream}` : `CONSUMER.DURABLE.CREATE.${stream}.${durable}`;
    const body = { stream_name: stream, config };
    return whole(await jsRequest<ConsumerInfo>(this.#connection, verb, body, this.#answerTimeout, 2));
  }

  #isOver(): boolean {
    return this.#signal.aborted || this.#connection.isClosed() || this.#connection.isDraining();
  }
}

/** A server in the middle of deleting a consumer may answer without its configuration, which is no answer yet. */
function whole(answer: ApiAnswer<ConsumerInfo>): ApiAnswer<ConsumerInfo> {
  if (!answer.ok || (answer.value.config !== undefined && answer.value.ack_floor !== undefined)) return answer;
  return { ok: false, code: 'INCOMPLETE', text: 'the server does not say what the consumer is' };
}
