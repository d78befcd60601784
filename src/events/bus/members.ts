import type { Clock } from '../../core/clock.js';
import type { NatsConnection } from '../../nats/connection.js';
import type { KvBucket } from '../../nats/kv-bucket.js';
import type { NatsRequests, NatsSubscription } from '../../nats/requests.js';
import type { NodeState } from '../event-types.js';
import { Ring } from './ring.js';

/** Token behind the prefix of what tells that a process has come or gone. It is not stored. */
export const RING = 'ring';
/** Most processes that are taken from messages: whoever may send on the prefix could send any number. */
const MOST_MEMBERS = 10_000;
/** How much earlier or later than planned the list is read, so that nodes do not read it together. */
const SPREAD = 0.2;

/** What {@link Members} is made with. */
interface MembersDeps {
  readonly nodes: KvBucket<NodeState>;
  readonly requests: Pick<NatsRequests, 'subscribe'>;
  readonly clock: Clock;
  /** `events.prefix`. */
  readonly prefix: string;
  /** Time between two reads of the whole list, in ms. */
  readonly everyMs: number;
  /** 0 to 1; for tests. */
  readonly random?: () => number;
}

/**
 * Which processes there are, by the keys of their heartbeats. The list is read as a whole from time to time; between,
 * messages tell who has come and gone. They may be lost: the next list has it all.
 */
export class Members {
  readonly #deps: MembersDeps;
  readonly #ring = new Ring();
  /** Keys that stand in the bucket for processes that are no more, since the last list. */
  readonly #gone = new Set<string>();
  #dueMs = 0;
  #subscription: NatsSubscription | undefined;
  /** Told of each process that says itself that it has come. */
  onJoined: (key: string) => void = () => {};

  constructor(deps: MembersDeps) {
    this.#deps = deps;
  }

  /** Begins to listen to what others tell. */
  start(): void {
    const { requests, prefix } = this.#deps;
    this.#subscription ??= requests.subscribe(`${prefix}.${RING}.*.*.*`, undefined, ({ subject }) =>
      this.#told(subject),
    );
  }

  close(): void {
    this.#subscription?.close();
  }

  /** What was told while there was no connection is unknown: the list is read next. */
  forget(): void {
    this.#dueMs = 0;
  }

  /** Reads the list when it is due. @returns false when it is and the server does not answer */
  async refresh(connection: NatsConnection): Promise<boolean> {
    const { nodes, clock, everyMs, random = Math.random } = this.#deps;
    if (clock.monotonicMs() < this.#dueMs) return true;
    const listed = await nodes.keys(connection);
    if (!listed.ok) return false;
    this.#dueMs = clock.monotonicMs() + everyMs * (1 + SPREAD * (2 * random() - 1));
    this.#gone.clear();
    const keys = new Set(listed.value);
    for (const key of [...this.#ring.keys()]) if (!keys.has(key)) this.#ring.delete(key);
    for (const key of keys) this.#ring.add(key);
    return true;
  }

  /**
   * A key holds no heartbeat any more: its process is left out until the next list, or until it says that it is back.
   */
  gone(key: string): void {
    this.#gone.add(key);
  }

  /** The other processes in the order of the ring, behind `own`. */
  after(own: string): readonly string[] {
    return this.#ring.after(own).filter((key) => !this.#gone.has(key));
  }

  /** The processes of one node. @param nodeToken its id as keys have it */
  ofNode(nodeToken: string): readonly string[] {
    return [...this.#ring.keys()].filter((key) => key.startsWith(`${nodeToken}.`) && !this.#gone.has(key));
  }

  #told(subject: string): void {
    const [node, boot, verb] = subject.split('.').slice(-3);
    const key = `${node}.${boot}`;
    if (verb === 'left') this.#ring.delete(key);
    if (verb !== 'joined') return;
    this.#gone.delete(key);
    if (this.#ring.size < MOST_MEMBERS) this.#ring.add(key);
    this.onJoined(key);
  }
}
