import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type JetStreamManager, type NatsConnection } from 'nats';
import { waitFor } from '../../support/wait.js';
import type { NatsProcess } from './nats-process.js';

const STREAM = 'SLUICE_EVENTS';
/** Slow handlers and lost consumers may hold a reader up this long. */
const LONGEST_READ_MS = 30_000;

/** What is done to the broker. */
export type Fault = 'kill' | 'restart' | 'freeze' | 'delete a consumer' | 'delete all consumers' | 'delete the stream';

const FAULTS: readonly Fault[] = [
  ...(['kill', 'restart', 'freeze', 'freeze', 'delete a consumer', 'delete a consumer'] as const),
  ...(['delete all consumers', 'delete the stream'] as const),
];

/** Breaks a broker at random (seeded), and knows which events that took away for good. */
export class Chaos {
  readonly done = new Map<Fault, number>();
  /** Ids of events that were stored when a stream was deleted before all had read it: who had not handled them by then never can. */
  readonly deleted = new Set<string>();
  /** Streams that were deleted after everybody had read them to their end. */
  deletedWhenRead = 0;
  /** Positions of deleted streams at which the broker itself had nothing any more. */
  holes = 0;
  readonly #broker: NatsProcess;
  readonly #random: () => number;
  readonly #longestFreezeMs: number;
  readonly #haveAllRead: (ids: readonly string[]) => boolean;
  #connection: NatsConnection | undefined;

  /** @param haveAllRead whether every consumer has handled these events */
  constructor(
    broker: NatsProcess,
    random: () => number,
    longestFreezeMs: number,
    haveAllRead: (ids: readonly string[]) => boolean,
  ) {
    this.#haveAllRead = haveAllRead;
    this.#broker = broker;
    this.#random = random;
    this.#longestFreezeMs = longestFreezeMs;
  }

  /** Does one thing, and returns when the broker serves again. */
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
   * Seals the stream first, so that nothing can be stored and lost between looking at it and deleting it. Half of the times everybody may
   * read it to its end before it goes.
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
    await this.#tried(async (manager) => {
      // The answer to an earlier try may have been lost, and another stream be there by now.
      const info = await manager.streams.info(STREAM).catch(() => undefined);
      if (info?.config.sealed === true) await manager.streams.delete(STREAM);
    });
  }

  async #isRead(ids: readonly string[]): Promise<boolean> {
    const until = performance.now() + LONGEST_READ_MS;
    while (!this.#haveAllRead(ids) && performance.now() < until) await sleep(50);
    return this.#haveAllRead(ids);
  }

  /** A server that has just been killed or thawed may not answer yet. */
  async #tried(work: (manager: JetStreamManager) => Promise<void>): Promise<void> {
    let trouble = '';
    await waitFor(
      async () => {
        try {
          this.#connection ??= await connect({
            servers: this.#broker.url,
            maxReconnectAttempts: -1,
            reconnectTimeWait: 100,
          });
          await work(await this.#connection.jetstreamManager({ timeout: 5000, checkAPI: false }));
          return true;
        } catch (error) {
          trouble = String(error);
          return false;
        }
      },
      { timeoutMs: 60_000, everyMs: 200, what: () => `the broker to do as it is told; ${trouble}` },
    );
  }
}
