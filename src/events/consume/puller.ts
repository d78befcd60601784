import { within } from '../../core/within.js';
import { inboxOf, type Msg, type NatsConnection, type Subscription } from '../../nats/connection.js';
import { type Delivery, deliveryOf } from './delivery.js';

/**
 * Why no more messages come from a consumer for now. `deleted`: the server says that it was deleted; `absent`: it does
 * not answer, because it or its stream is gone, or the server is only starting; `silent`: no sign of life in time;
 * `reconnected`: there was another connection meanwhile, and messages that were being sent are lost; `closed`: the
 * connection is closed for good; `stopped`: by {@link Puller.close}.
 */
export type Loss = 'deleted' | 'absent' | 'silent' | 'reconnected' | 'closed' | 'stopped';

/** Which consumer is pulled from, and how much at a time. */
interface PullOptions {
  readonly stream: string;
  readonly consumer: string;
  /** Most messages that are being sent or wait here. */
  readonly batch: number;
  /** How long one request waits at the server, milliseconds; default 30 000. */
  readonly expiresMs?: number;
  /**
   * How often the server gives a sign of life meanwhile, milliseconds; default 2000. Twice as long without one is
   * `silent`.
   */
  readonly heartbeatMs?: number;
}

const MS = 1e6;
/** Time before the next request when the server refused one (too many wait already, for example), in ms. */
const REFUSED_PAUSE_MS = 250;

/**
 * Asks a pull consumer for messages, one request at a time, and reports when that stops working. It never repairs
 * anything: its user knows from which position to go on.
 */
export class Puller {
  readonly #connection: NatsConnection;
  readonly #o: Required<PullOptions>;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #status: { stop?: () => void };
  #queue: Delivery[] = [];
  /** Messages that the request at the server may still bring. */
  #outstanding = 0;
  #heardMs = 0;
  #loss: Loss | undefined;
  #wake: (() => void) | undefined;

  constructor(connection: NatsConnection, o: PullOptions) {
    this.#connection = connection;
    this.#o = { expiresMs: 30_000, heartbeatMs: 2000, ...o };
    this.#inbox = inboxOf(connection);
    this.#subscription = connection.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (error === null) this.#take(message);
        else this.#lose('absent');
      },
    });
    const status = connection.status() as AsyncIterable<{ type: string }> & { stop?: () => void };
    this.#status = status;
    void this.#watch(status);
    void this.#subscription.closed.then(() => this.#lose('closed'));
  }

  /** Messages that came and were not taken yet. */
  get waiting(): readonly Delivery[] {
    return this.#queue;
  }

  /** The next message, or why no more will come. Then every further call returns the same. */
  async next(): Promise<Delivery | Loss> {
    for (;;) {
      const delivery = this.#queue.shift();
      if (delivery !== undefined) return delivery;
      if (this.#loss !== undefined) return this.#loss;
      if (this.#outstanding <= 0) this.#request();
      await this.#word();
    }
  }

  /**
   * Stops pulling. Messages that were fetched and not taken go back to the server at once, instead of after the
   * acknowledgement time.
   */
  async close(): Promise<void> {
    this.#lose('stopped');
    this.#loss = 'stopped';
    for (const delivery of this.#queue.splice(0)) this.#giveBack(delivery);
    if (this.#connection.isClosed()) return;
    // Messages that are being sent still arrive and go back as well.
    await within(this.#subscription.drain(), this.#o.heartbeatMs).catch(() => undefined);
    this.#subscription.unsubscribe();
  }

  #request(): void {
    const { stream, consumer, batch, expiresMs, heartbeatMs } = this.#o;
    const body = { batch, expires: expiresMs * MS, idle_heartbeat: heartbeatMs * MS };
    this.#outstanding = batch;
    this.#connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(body), {
      reply: this.#inbox,
    });
  }

  /** Waits for a message, a status or the end of the time-out. */
  async #word(): Promise<void> {
    const patienceMs = 2 * this.#o.heartbeatMs;
    const startMs = performance.now();
    this.#heardMs = startMs;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      const look = (): void => {
        const leftMs = this.#heardMs + patienceMs - performance.now();
        if (leftMs <= 0) this.#lose('silent');
        else timer = setTimeout(look, leftMs);
      };
      timer = setTimeout(look, patienceMs);
    });
    this.#wake = undefined;
    clearTimeout(timer);
  }

  #take(message: Msg): void {
    this.#heardMs = performance.now();
    const delivery = deliveryOf(message);
    if (delivery !== undefined) {
      this.#outstanding--;
      if (this.#loss === 'stopped') this.#giveBack(delivery);
      else this.#queue.push(delivery);
      this.#wake?.();
      return;
    }
    const code = message.headers?.code ?? 0;
    const text = message.headers?.description?.toLowerCase() ?? '';
    if (code === 503) this.#lose('absent');
    else if (code === 409 && text.includes('consumer deleted')) this.#lose('deleted');
    else if (code === 409 && text.includes('leadership change')) this.#lose('absent');
    else if (code === 409) setTimeout(() => this.#requestIsOver(), REFUSED_PAUSE_MS);
    else if (code >= 400) this.#requestIsOver();
  }

  /** However the request ended, the next one may succeed. */
  #requestIsOver(): void {
    this.#outstanding = 0;
    this.#wake?.();
  }

  async #watch(status: AsyncIterable<{ type: string }>): Promise<void> {
    for await (const { type } of status) {
      if (this.#loss !== undefined) return;
      // The request is lost with the old connection, and so are the messages that the server had sent on it.
      if (type === 'reconnect') this.#lose('reconnected');
    }
  }

  #lose(loss: Loss): void {
    if (this.#loss === undefined) {
      this.#loss = loss;
      this.#status.stop?.();
    }
    this.#wake?.();
  }

  #giveBack(delivery: Delivery): void {
    sendAck(this.#connection, delivery, '-NAK');
  }
}

/** The acknowledgements of a delivery: done, handed back, still being worked on, never to be delivered again. */
type Ack = '+ACK' | '-NAK' | '+WPI' | '+TERM';

/**
 * Sends it, also later when there is no connection now. Nothing is sent on a connection that is closed or about to be.
 */
export function sendAck(connection: NatsConnection, delivery: Delivery, ack: Ack): void {
  if (!connection.isClosed() && !connection.isDraining()) connection.publish(delivery.reply, ack);
}
