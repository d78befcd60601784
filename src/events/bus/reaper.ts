import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { NatsConnection } from '../../nats/connection.js';
import type { KvBucket } from '../../nats/kv-bucket.js';
import type { NodeState } from '../event-types.js';
import { nodeKey } from '../subjects.js';
import { LostNode, type LostNodeDeps } from './lost-node.js';
import type { NodeAges } from './node-ages.js';

/** What the reaper needs. */
interface ReaperDeps extends LostNodeDeps {
  readonly nodes: KvBucket<NodeState>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly ages: NodeAges;
  connection(): NatsConnection | undefined;
}

/**
 * Ends the open streams of lost nodes. Heartbeats are polled (bucket expiry gives no notice on old servers) and judged
 * by this process's own monotonic clock: a node is lost when its key has not changed for longer than its lease while
 * this process was connected throughout. Which of its streams are open is read from JetStream and from the bucket of
 * live streams, so that every start that was ever stored gets its end ({@link LostNode}).
 */
export class Reaper {
  readonly #deps: ReaperDeps;
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #closed = false;

  constructor(deps: ReaperDeps) {
    this.#deps = deps;
  }

  /** Begins to poll, three times per lease. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.poll(), Math.max(200, this.#deps.leaseMs / 3));
    this.#timer.unref();
  }

  /** Stops. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  /** Checks every heartbeat once. */
  async poll(): Promise<void> {
    const connection = this.#deps.connection();
    if (connection === undefined || this.#busy || this.#closed) return;
    this.#busy = true;
    try {
      const keys = await this.#deps.nodes.keys(connection);
      if (!keys.ok) return this.#deps.ages.forget();
      const own = nodeKey(this.#deps.emitter.nodeId, this.#deps.emitter.bootId);
      for (const key of keys.value) if (key !== own && !this.#closed) await this.#look(key, connection);
    } finally {
      this.#busy = false;
    }
  }

  async #look(key: string, connection: NatsConnection): Promise<void> {
    const aged = await this.#deps.ages.look(connection, key);
    if (aged === undefined) return this.#deps.ages.forget();
    if (aged.node === undefined || aged.unchangedMs <= Math.max(aged.node.leaseMs, this.#deps.leaseMs)) return;
    await this.#reap(key, aged.node, aged.revision, connection);
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
