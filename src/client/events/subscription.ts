import { type Delivery, textOf } from '../../events/consume/delivery.js';
import type { StreamPattern } from '../../events/consume/pattern.js';
import { type Loss, Puller, sendAck } from '../../events/consume/puller.js';
import type { AnySluiceEvent } from '../../events/event-types.js';
import { EVENT_TYPES } from '../../events/schemas/index.js';
import { validateEvent } from '../../events/validate.js';
import type { NatsConnection } from '../../nats/connection.js';
import { deliverDeadLetter } from './dead-letter.js';
import type { ConsumerKeeper, Restored } from './durable.js';
import { handlersOf, type StreamHandlers } from './handlers.js';
import { SeenIds } from './seen-ids.js';
import type { StreamSubscription, SubscriptionNotice, SubscriptionOptions } from './subscription-options.js';

/** The parts of a subscription. */
interface SubscriptionParts {
  readonly connection: NatsConnection;
  readonly keeper: ConsumerKeeper;
  readonly pattern: StreamPattern;
  readonly handlers: StreamHandlers;
  readonly stream: string;
  readonly batch: number;
  /** Ends with the subscription. */
  readonly stopping: AbortController;
}

const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 10_000;
const LEARN_EVERY_MS = 2000;
const DEFAULT_ATTEMPTS = 5;

/**
 * Takes events from a consumer and calls handlers. A lost consumer is restored, and a failed handler is called again.
 */
export class RunningSubscription implements StreamSubscription {
  readonly done: Promise<void>;
  readonly #p: SubscriptionParts;
  readonly #o: SubscriptionOptions;
  readonly #seen = new SeenIds(10_000);
  #puller: Puller;
  #current: Delivery | undefined;

  constructor(parts: SubscriptionParts, o: SubscriptionOptions) {
    this.#p = parts;
    this.#o = o;
    this.#puller = this.#pull();
    this.done = this.#run();
  }

  async stop(): Promise<void> {
    this.#p.stopping.abort();
    await this.#puller.close();
    await this.done;
  }

  async #run(): Promise<void> {
    const { keeper, stopping } = this.#p;
    // A process that holds an event sends signs of life: without them the server gives the event to another process.
    const working = setInterval(() => this.#work(), Math.max(20, Math.floor(keeper.ackWaitMs / 4)));
    const learning = keeper.mustLearn ? setInterval(() => void keeper.learn(), LEARN_EVERY_MS) : undefined;
    working.unref();
    learning?.unref();
    try {
      for (;;) {
        const item = await this.#puller.next();
        if (typeof item !== 'string') await this.#take(item);
        else if (stopping.signal.aborted || item === 'stopped') return;
        else if (item === 'closed') {
          this.#notice({ kind: 'closed', detail: 'the connection to NATS is closed' });
          return;
        } else await this.#restore(item);
      }
    } finally {
      clearInterval(working);
      clearInterval(learning);
      keeper.release();
    }
  }

  #pull(): Puller {
    const { connection, stream, keeper, batch } = this.#p;
    return new Puller(connection, { stream, consumer: keeper.name, batch });
  }

  #work(): void {
    const held = this.#current === undefined ? this.#puller.waiting : [this.#current, ...this.#puller.waiting];
    for (const delivery of held) sendAck(this.#p.connection, delivery, '+WPI');
  }

  /** Restores the consumer, and reports what happened to it. */
  async #restore(loss: Loss): Promise<void> {
    const { keeper, connection, stopping } = this.#p;
    await this.#puller.close();
    let waited = false;
    const restored = await keeper.restore((detail) => {
      waited = true;
      this.#notice({ kind: 'waiting', detail });
    });
    if (stopping.signal.aborted || connection.isClosed() || connection.isDraining()) return;
    this.#tellRestored(restored, `after ${loss}`);
    if (waited) this.#notice({ kind: 'resumed', detail: `from position ${keeper.floor + 1}` });
    this.#puller = this.#pull();
  }

  #tellRestored(restored: Restored, why: string): void {
    if (restored === 'found') return;
    this.#notice({ kind: restored, detail: `${this.#p.keeper.name}, ${why}` });
  }

  async #take(delivery: Delivery): Promise<void> {
    const { keeper, connection, stopping } = this.#p;
    if (stopping.signal.aborted) return sendAck(connection, delivery, '-NAK');
    this.#current = delivery;
    try {
      // A server that was killed may have lost acknowledgements; a stream that is another one begins at its start.
      if (delivery.position <= keeper.floor) {
        if (await keeper.isSameStream()) return sendAck(connection, delivery, '+ACK');
        this.#tellRestored('stream_remade', 'found by a position that went back');
      }
      if (!(await this.#handle(delivery))) return sendAck(connection, delivery, '-NAK');
      keeper.settled(delivery.position);
      sendAck(connection, delivery, '+ACK');
    } finally {
      this.#current = undefined;
    }
  }

  /** @returns whether the event is settled; otherwise the subscription stops before it is */
  async #handle(delivery: Delivery): Promise<boolean> {
    const text = textOf(delivery);
    let event: AnySluiceEvent;
    try {
      event = JSON.parse(text) as AnySluiceEvent;
    } catch (error) {
      return this.#refuse(delivery, error as Error, text);
    }
    const isKnown = EVENT_TYPES.includes(event?.type);
    const findings = isKnown ? validateEvent(event) : envelopeFindings(event);
    if (findings.length > 0)
      return this.#refuse(delivery, new Error(`${String(event?.id)}: ${findings.join('; ')}`), event);
    if (this.#seen.has(event.id) || !this.#isMeant(event)) return true;
    if (!(await this.#call(delivery, event))) return false;
    this.#seen.add(event.id);
    return true;
  }

  /** Calls the handlers, each until it succeeds once. */
  async #call(delivery: Delivery, event: AnySluiceEvent): Promise<boolean> {
    const { deadLetter } = this.#o;
    const attempts = deadLetter === undefined ? Number.POSITIVE_INFINITY : (deadLetter.attempts ?? DEFAULT_ATTEMPTS);
    const left = handlersOf(this.#p.handlers, event);
    for (let attempt = 1; left.length > 0; attempt++) {
      try {
        for (let next = left[0]; next !== undefined; next = left[0]) {
          await next(event);
          left.shift();
        }
      } catch (error) {
        this.#tell(error, event, attempt);
        if (attempt >= attempts) return this.#bury(delivery, error, attempt);
        // It is tried again here instead of being sent back, because later events of the same stream wait behind it.
        await this.#pause(attempt);
        if (this.#p.stopping.signal.aborted) return false;
      }
    }
    return true;
  }

  async #refuse(delivery: Delivery, error: Error, event: unknown): Promise<boolean> {
    this.#tell(error, event, 1);
    return this.#o.deadLetter === undefined || this.#bury(delivery, error, 1);
  }

  /** Stores an event with the dead letters. It counts as settled when it is stored there, however long that takes. */
  async #bury(delivery: Delivery, cause: unknown, attempts: number): Promise<boolean> {
    const subject = this.#o.deadLetter!.subject;
    for (let attempt = 1; ; attempt++) {
      try {
        await deliverDeadLetter(this.#p.connection, subject, delivery, { cause, attempts });
        return true;
      } catch (error) {
        this.#tell(error, textOf(delivery), attempts);
        await this.#pause(attempt);
        if (this.#p.stopping.signal.aborted) return false;
      }
    }
  }

  #isMeant(event: AnySluiceEvent): boolean {
    const { app, name } = (event.data ?? {}) as { app?: string; name?: string };
    return this.#p.pattern.matches(app ?? '', name ?? '');
  }

  #tell(error: unknown, event: unknown, attempt: number): void {
    const { onError } = this.#o;
    const told = error instanceof Error ? error : new Error(String(error));
    if (onError === undefined) process.stderr.write(`sluice/client: ${told.message}\n`);
    else guard(() => onError(told, event, attempt));
  }

  #notice(notice: SubscriptionNotice): void {
    const { onNotice } = this.#o;
    if (onNotice === undefined) process.stderr.write(`sluice/client: ${notice.kind}: ${notice.detail}\n`);
    else guard(() => onNotice(notice));
  }

  #pause(attempt: number): Promise<void> {
    const ms = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 20));
    const { signal } = this.#p.stopping;
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }
}

/** The members that an event of any type must have. Types that came later have schemas of their own. */
function envelopeFindings(event: unknown): string[] {
  const { id, type, data } = (event ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || typeof type !== 'string' || typeof data !== 'object')
    return ['no event: id, type or data is missing'];
  return [];
}

/** A callback of the program that throws must not end the subscription. */
function guard(call: () => void): void {
  try {
    call();
  } catch (error) {
    process.stderr.write(`sluice/client: a callback failed: ${String(error)}\n`);
  }
}
