import { SluiceError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { Delivery } from '../../events/consume/delivery.js';
import { Puller, sendAck } from '../../events/consume/puller.js';
import type { ConsumerInfo } from '../../events/consume/stream-info.js';
import { parseStreamSubject, sequenceIn } from '../../events/subjects.js';
import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import type { NatsConnection } from '../../nats/connection.js';
import { jsRequest } from '../../nats/jetstream.js';
import type { StreamNews } from '../ports.js';

/** The durable consumer that all runners share. */
const RING = 'SLUICE_JOBS_RING';

const ACK_WAIT_NS = 30e9;
/** Events that are fetched, and worked on, at a time. */
const BATCH = 16;
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5000;

/** What the ring is made with. */
interface RingDeps {
  readonly connection: NatsConnection;
  /** `events.stream`. */
  readonly stream: string;
  /** `events.prefix`. */
  readonly prefix: string;
  readonly answerTimeout: AnswerTimeout;
  readonly log: Logger;
  /** Resolves when it was acted upon. An event for which it rejects comes again, here or at another runner. */
  readonly take: (news: StreamNews) => Promise<void>;
  /** The consumer was made: events before that are not told, so the streams are to be looked at. */
  readonly begun: () => void;
}

/**
 * Has runners woken by events: each event of a stream comes to one of them. It is a doorbell only. What is to run is
 * decided by the records, and whatever it does not tell is found when streams and records are compared.
 */
export class Ring {
  readonly #deps: RingDeps;

  constructor(deps: RingDeps) {
    this.#deps = deps;
  }

  /** Takes events until the signal aborts. It never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    const { connection, log } = this.#deps;
    let pauseMs = FIRST_PAUSE_MS;
    let isTroubled = false;
    while (!signal.aborted && !connection.isClosed()) {
      const trouble = await this.#ensure();
      if (trouble === undefined) {
        isTroubled = false;
        this.#deps.begun();
        const beganMs = performance.now();
        await this.#pull(signal);
        // A consumer that is lost again and again is asked for less and less often.
        if (performance.now() - beganMs > LAST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS;
      } else if (!isTroubled) {
        isTroubled = true;
        log.warn(
          { stream: this.#deps.stream, cause: trouble },
          'jobs: events cannot be followed; streams are compared',
        );
      }
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS);
    }
  }

  /** Makes the consumer, or finds it. @returns why that did not work */
  async #ensure(): Promise<string | undefined> {
    const { connection, stream, prefix, answerTimeout } = this.#deps;
    const config = {
      durable_name: RING,
      description: 'Sluice: wakes the runners of jobs',
      filter_subject: `${prefix}.evt.*.*.*.stream.*.*`,
      deliver_policy: 'new',
      ack_policy: 'explicit',
      ack_wait: ACK_WAIT_NS,
      max_ack_pending: 256,
    };
    const found = await jsRequest<ConsumerInfo>(
      connection,
      `CONSUMER.INFO.${stream}.${RING}`,
      undefined,
      answerTimeout,
    );
    if (found.ok) return undefined;
    const verb = `CONSUMER.DURABLE.CREATE.${stream}.${RING}`;
    const made = await jsRequest<ConsumerInfo>(connection, verb, { stream_name: stream, config }, answerTimeout, 2);
    return made.ok ? undefined : `${made.code} ${made.text}`;
  }

  async #pull(signal: AbortSignal): Promise<void> {
    const { connection, stream } = this.#deps;
    const puller = new Puller(connection, { stream, consumer: RING, batch: BATCH });
    const stop = (): void => void puller.close();
    signal.addEventListener('abort', stop, { once: true });
    const busy = new Set<Promise<void>>();
    try {
      for (;;) {
        const item = await puller.next();
        if (typeof item === 'string') return;
        const work = this.#handle(item).finally(() => busy.delete(work));
        busy.add(work);
        if (busy.size >= BATCH) await Promise.race(busy);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await puller.close();
      await Promise.all(busy);
    }
  }

  async #handle(delivery: Delivery): Promise<void> {
    const { connection, take, log } = this.#deps;
    const news = newsOf(delivery);
    try {
      if (news !== undefined) await take(news);
      sendAck(connection, delivery, '+ACK');
    } catch (error) {
      if (!(error instanceof SluiceError)) {
        // What nobody can act upon now nobody can act upon later; were it kept, it would fill the consumer.
        log.warn({ cause: (error as Error).message, subject: delivery.subject }, 'jobs: an event cannot be understood');
        sendAck(connection, delivery, '+TERM');
        return;
      }
      // It comes again when its time is over. To hand it back at once would ask the same again in the same moment.
      log.debug({ cause: (error as Error).message, subject: delivery.subject }, 'jobs: an event waits');
    }
  }
}

const decoder = new TextDecoder();

/** What an event of a stream says; undefined when it is none that jobs act upon. */
export function newsOf({
  subject,
  data,
}: {
  readonly subject: string;
  readonly data: Uint8Array;
}): StreamNews | undefined {
  const parts = parseStreamSubject(subject);
  if (parts === undefined || parts.entity !== 'stream' || !VERBS.has(parts.verb)) return undefined;
  try {
    const event = JSON.parse(decoder.decode(data)) as {
      readonly data?: Readonly<Record<string, unknown>>;
      readonly sequence?: unknown;
      readonly time?: unknown;
    };
    const { verb, streamId, app, name } = parts;
    const sequence = sequenceIn(parts) ?? Number(event.sequence ?? 0);
    return {
      ...{ verb, streamId, app, name, sequence: Number.isFinite(sequence) ? sequence : 0 },
      ...{ time: typeof event.time === 'string' ? event.time : '', data: event.data ?? {} },
    };
  } catch {
    return undefined;
  }
}

const VERBS: ReadonlySet<string> = new Set(['started', 'ready', 'updated', 'active', 'idle', 'ended']);
