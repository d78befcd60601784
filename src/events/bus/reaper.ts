import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { NatsConnection } from '../../nats/connection.js';
import type { KvBucket } from '../../nats/kv-bucket.js';
import type { NodeState } from '../event-types.js';
import { nodeKey } from '../subjects.js';
import { LostNode, type LostNodeDeps } from './lost-node.js';
import type { Members } from './members.js';
import type { AgedNode, NodeAges } from './node-ages.js';
import { WATCHED } from './ring.js';

/**
 * Time between two looks, as a part of the lease. Three of them are a little more than a lease, so that the third finds
 * a lost node.
 */
const POLL_PART = 0.35;
/** The least time between two looks, in ms. */
const LEAST_POLL_MS = 200;
/** How long the trace of a process that is no more is kept, in ms, for those that ask whether it was removed. */
const TRACE_MS = 3_600_000;

/** What the reaper needs. */
interface ReaperDeps extends LostNodeDeps {
  readonly nodes: KvBucket<NodeState>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly ages: NodeAges;
  readonly members: Members;
  /** Whether streams of lost nodes are ended; false: it only looks. */
  readonly ends: boolean;
  connection(): NatsConnection | undefined;
  /** Told of each heartbeat that was looked at. */
  seen?(aged: AgedNode): void;
  /** A process is over, and its heartbeat removed. */
  removed?(node: NodeState): void;
}

/**
 * Ends the open streams of lost nodes. Of the ring of all nodes it watches the next three that live: a node is lost
 * when its key has not changed for longer than its lease while this process was connected throughout. Heartbeats are
 * polled, for bucket expiry gives no notice on old servers. Which of its streams are open is read from JetStream and
 * from the bucket of live streams, so that every start that was ever stored gets its end ({@link LostNode}).
 *
 * A node whose heartbeat is late does not count as one of the three. So when up to three that follow each other die
 * together, each is found lost within its lease and two looks, and for every three more half a lease and a look later.
 */
export class Reaper {
  readonly #deps: ReaperDeps;
  readonly #own: string;
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  /** Whether the last trace could be removed; a user that may not is not refused again and again. */
  #mayPurge = true;
  #closed = false;

  constructor(deps: ReaperDeps) {
    this.#deps = deps;
    this.#own = nodeKey(deps.emitter.nodeId, deps.emitter.bootId);
  }

  /** Begins to look, about three times per lease, now for the first time. */
  start(): void {
    if (this.#timer === undefined) {
      const everyMs = Math.max(LEAST_POLL_MS, this.#deps.leaseMs * POLL_PART);
      this.#timer = setInterval(() => void this.poll(), everyMs);
      this.#timer.unref();
    }
    void this.poll();
  }

  /** Stops. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  /** Looks once at each heartbeat that it watches. */
  async poll(): Promise<void> {
    const connection = this.#deps.connection();
    if (connection === undefined || this.#busy || this.#closed) return;
    this.#busy = true;
    try {
      if (!(await this.#deps.members.refresh(connection))) return this.#deps.ages.forget();
      await this.#walk(connection);
    } finally {
      this.#busy = false;
    }
  }

  async #walk(connection: NatsConnection): Promise<void> {
    const { ages, members } = this.#deps;
    let living = 0;
    const looked = new Set<string>();
    const next = members.after(this.#own);
    // The older boots of this node are always looked at: two processes with one id must find each other.
    const siblings = members.ofNode(this.#own.split('.')[0]!).filter((key) => key !== this.#own);
    for (const key of [...next, ...siblings]) {
      if (this.#closed) return;
      if (looked.has(key) || (living >= WATCHED && !siblings.includes(key))) continue;
      looked.add(key);
      const aged = await ages.look(connection, key);
      if (aged === undefined) return ages.forget();
      if (aged.node === undefined) await this.#gone(key, aged, connection);
      else if (await this.#lives(key, aged.node, aged, connection)) living++;
    }
  }

  /** Judges a heartbeat, and ends what a lost node has left. @returns whether the node lives and is not late */
  async #lives(key: string, node: NodeState, aged: AgedNode, connection: NatsConnection): Promise<boolean> {
    const leaseMs = Math.max(node.leaseMs, this.#deps.leaseMs);
    this.#deps.seen?.(aged);
    if (aged.unchangedMs > leaseMs) {
      if (this.#deps.ends) await this.#reap(key, node, aged.revision, connection);
      return false;
    }
    return node.state !== 'lost' && aged.unchangedMs <= leaseMs / 2;
  }

  /** A key has no heartbeat. Its trace is removed after an hour, so that the list does not grow for ever. */
  async #gone(key: string, { revision, unchangedMs }: AgedNode, connection: NatsConnection): Promise<void> {
    this.#deps.members.gone(key);
    if (revision === 0 || unchangedMs <= TRACE_MS || !this.#mayPurge) return;
    this.#mayPurge = await this.#deps.nodes.purge(connection, key, revision);
  }

  async #reap(key: string, node: NodeState, revision: number, connection: NatsConnection): Promise<void> {
    let marked = revision;
    if (node.state !== 'lost') {
      // Compare-and-set: a heartbeat that comes through now wins; if this mark wins, the node finds it.
      const mark = await this.#deps.nodes.put(connection, key, { ...node, state: 'lost' }, revision);
      if (mark.kind !== 'ok') return;
      marked = mark.revision;
      this.#deps.ages.changed(key, marked);
    }
    const lost = new LostNode(node, connection, this.#deps);
    const ended = await lost.endStreams(() => this.#isMarked(key, marked, connection));
    if (ended === undefined || !(await lost.tell(this.#deps.clock.wallMs()))) return;
    await this.#deps.nodes.remove(connection, key, marked);
    this.#deps.members.gone(key);
    this.#deps.removed?.(node);
    this.#deps.log.warn(
      { node: node.nodeId, boot: node.bootId, streams: ended, lastSeen: node.time },
      'a node is lost; its streams are ended',
    );
  }

  /** Whether the mark of a lost node is still there: a node that is back has overwritten it. */
  async #isMarked(key: string, revision: number, connection: NatsConnection): Promise<boolean> {
    const held = await this.#deps.nodes.get(connection, key);
    return held.ok && held.value.revision === revision;
  }
}
