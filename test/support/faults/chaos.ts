import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type JetStreamManager, type NatsConnection } from 'nats';
import { waitFor } from '../wait.js';
import type { NatsProcess } from './nats-process.js';
import type { NodeUnderTest } from './node-under-test.js';

const STREAM = 'SLUICE_EVENTS';
/** Longest time for which slow handlers and lost consumers may hold up a reader. */
const LONGEST_READ_MS = 30_000;

/** A deletion may take this long on a busy machine; nobody may make the stream again before it is answered. */
const DELETION_MS = 60_000;

/** The faults that are injected into the broker. */
export type Fault = 'kill' | 'restart' | 'freeze' | 'delete a consumer' | 'delete all consumers' | 'delete the stream';

const FAULTS: readonly Fault[] = [
  ...(['kill', 'restart', 'freeze', 'freeze', 'delete a consumer', 'delete a consumer'] as const),
  ...(['delete all consumers', 'delete the stream'] as const),
];

/** Injects faults into a broker at random (seeded), and knows which events that deleted for good. */
export class Chaos {
  readonly done = new Map<Fault, number>();
  /**
   * Ids of events that were stored when a stream was deleted before all had read it: a consumer that had not handled
   * them by then never can.
   */
  readonly deleted = new Set<string>();
  /** Streams that were deleted after everybody had read them to their end. */
  deletedWhenRead = 0;
  /** Positions of deleted streams at which the broker itself had nothing any more. */
  holes = 0;
  readonly #broker: NatsProcess;
  readonly #random: () => number;
  readonly #longestFreezeMs: number;
  readonly #haveAllRead: (ids: readonly string[]) => boolean;
  readonly #node: Pick<NodeUnderTest, 'signal'>;
  #connection: NatsConnection | undefined;

  /** @param node who makes the stream again; @param haveAllRead whether every consumer has handled these events */
  constructor(
    broker: NatsProcess,
    node: Pick<NodeUnderTest, 'signal'>,
    random: () => number,
    longestFreezeMs: number,
    haveAllRead: (ids: readonly string[]) => boolean,
  ) {
    this.#haveAllRead = haveAllRead;
    this.#broker = broker;
    this.#node = node;
    this.#random = random;
    this.#longestFreezeMs = longestFreezeMs;
  }

  /** Injects one fault, and returns when the broker serves again. */
  async strike(fault: Fault = FAULTS[Math.floor(this.#random() * FAULTS.length)]): Promise<Fault> {
    if (fault === 'kill' || fault === 'restart') {
      if (fault === 'kill') await this.#broker.kill();
      else await this.#broker.end();
      await sleep(this.#random() * 3000);
      await this.#broker.start();
    } else if (fault === 'freeze') {
      this.#broker.signal('SIGSTOP');
      await sleep(200 + this.#random() * this.#longestFreezeMs);
      this.#broker.signal('SIGCONT');
    } else if (fault === 'delete the stream') await this.#deleteStream();
    else await this.#deleteConsumers(fault === 'delete all consumers');
    this.done.set(fault, (this.done.get(fault) ?? 0) + 1);
    return fault;
  }

  /** Waits until the event stream is there, which somebody else makes. */
  async streamIsThere(): Promise<void> {
    await this.#tried(async (manager) => {
      await manager.streams.info(STREAM);
    });
  }

  /**
   * Which of these events the stream holds, at which positions, and how far its consumers are, for the message of a
   * failed test.
   */
  async whereabouts(ids: readonly string[]): Promise<string> {
    let found = '';
    await this.#tried(async (manager) => {
      const { state, created } = await manager.streams.info(STREAM);
      const at = new Map<string, number>();
      for (let seq = state.first_seq; state.messages > 0 && seq <= state.last_seq; seq++) {
        const message = await manager.streams.getMessage(STREAM, { seq }).catch(() => undefined);
        if (message?.subject.includes('.evt.') === true) at.set((message.json() as { id: string }).id, seq);
      }
      const places = ids.filter((id) => at.has(id)).map((id) => `${id} at ${at.get(id)}`);
      const consumers: string[] = [];
      for await (const info of manager.consumers.list(STREAM)) {
        const { name, ack_floor: floor, delivered, num_pending: pending, num_ack_pending: unacknowledged } = info;
        consumers.push(JSON.stringify({ name, floor, delivered, pending, unacknowledged }));
      }
      found =
        `${places.length} of them are stored: ${places.slice(0, 5)}; stream of ${created}, ${state.first_seq} to ` +
        `${state.last_seq}, ${state.messages} messages; ${consumers.join(' ')}`;
    });
    return found;
  }

  async close(): Promise<void> {
    await this.#connection?.close();
  }

  async #deleteConsumers(all: boolean): Promise<void> {
    await this.#tried(async (manager) => {
      const names: string[] = [];
      for await (const { name } of manager.consumers.list(STREAM)) names.push(name);
      const chosen = all ? names : names.filter((_, i) => i === Math.floor(this.#random() * names.length));
      for (const name of chosen) await manager.consumers.delete(STREAM, name).catch(() => undefined);
    });
  }

  /**
   * Seals the stream first, so that nothing can be stored and lost between looking at it and deleting it. Half of the
   * times everybody may read it to its end before it goes.
   */
  async #deleteStream(): Promise<void> {
    const waits = this.#random() < 0.5;
    const ids: string[] = [];
    await this.#tried(async (manager) => {
      ids.length = 0;
      const { config } = await manager.streams.info(STREAM);
      if (!config.sealed) await manager.streams.update(STREAM, { ...config, sealed: true } as object);
      const { state } = await manager.streams.info(STREAM);
      for (let seq = state.first_seq; state.messages > 0 && seq <= state.last_seq; seq++) {
        const message = await manager.streams.getMessage(STREAM, { seq }).catch((error: unknown) => {
          if (!String(error).includes('no message found')) throw error;
          this.holes++;
          return undefined;
        });
        if (message === undefined) continue;
        if (message.subject.includes('.evt.')) ids.push((message.json() as { id: string }).id);
      }
    });
    const read = waits && (await this.#isRead(ids));
    if (read) this.deletedWhenRead++;
    else for (const id of ids) this.deleted.add(id);
    // Files of a stream that is made while the broker is still deleting the old one are deleted too (see `StreamMaker`,
    // which waits as long as it can tell). How long that takes depends on the disk, so the maker waits here until the
    // broker says that it is done.
    this.#node.signal('SIGSTOP');
    try {
      await this.#tried(async (manager) => {
        // The answer to an earlier try may have been lost.
        const info = await manager.streams.info(STREAM).catch((error: unknown) => {
          if (!String(error).includes('stream not found')) throw error;
        });
        if (info !== undefined) await manager.streams.delete(STREAM);
      }, DELETION_MS);
    } finally {
      this.#node.signal('SIGCONT');
    }
  }

  async #isRead(ids: readonly string[]): Promise<boolean> {
    const until = performance.now() + LONGEST_READ_MS;
    while (!this.#haveAllRead(ids) && performance.now() < until) await sleep(50);
    return this.#haveAllRead(ids);
  }

  /** A server that has just been killed or continued may not answer yet. */
  async #tried(work: (manager: JetStreamManager) => Promise<void>, answerMs = 5000): Promise<void> {
    let trouble = '';
    await waitFor(
      async () => {
        try {
          this.#connection ??= await connect({
            servers: this.#broker.url,
            maxReconnectAttempts: -1,
            reconnectTimeWait: 100,
          });
          await work(await this.#connection.jetstreamManager({ timeout: answerMs, checkAPI: false }));
          return true;
        } catch (error) {
          trouble = String(error);
          return false;
        }
      },
      { timeoutMs: 2 * DELETION_MS, everyMs: 200, what: () => `the broker to do as it is told; ${trouble}` },
    );
  }
}
