import type { Clock } from '../../core/clock.js';
import { escapeToken } from '../../core/escape.js';
import type { EventsLogger } from '../deps.js';
import type { NodeState } from '../event-types.js';
import type { NatsConnection } from '../nats.js';
import type { KvBucket } from './kv.js';

/** What a lease is kept from. */
export interface NodeLeaseDeps {
  readonly bucket: KvBucket<NodeState>;
  readonly log: EventsLogger;
  readonly clock: Clock;
  readonly nodeId: string;
  readonly bootId: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  connection(): NatsConnection | undefined;
  /** What the heartbeat says besides the time. */
  describe(): Pick<NodeState, 'streams' | 'stateLagMs'> & { readonly draining: boolean };
  /** Others took this process for lost. Publishing goes on when the returned promise resolves. */
  onLost(connection: NatsConnection): Promise<void>;
  /** The lease is good (again). */
  onHeld(): void;
  /** Told after each heartbeat whether the server has answered it in any way. */
  onBeat(answered: boolean): void;
}

/** Key of a process in `SLUICE_NODES`. */
export function nodeKey(nodeId: string, bootId: string): string {
  return `${escapeToken(nodeId)}.${escapeToken(bootId)}`;
}

/**
 * The heartbeat of this process, and what it means for it: while no heartbeat got through for most of the lease, nothing is
 * published, for another node may be about to end the sessions. Measured by the monotonic clock.
 */
export class NodeLease {
  readonly #deps: NodeLeaseDeps;
  readonly #key: string;
  #revision: number | undefined;
  #beatMs: number | undefined;
  #usable = false;
  #asking = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: NodeLeaseDeps) {
    this.#deps = deps;
    this.#key = nodeKey(deps.nodeId, deps.bootId);
  }

  /** Whether events may be sent. True also where the bucket cannot be used at all: a lease that nobody can see fences nobody. */
  get holds(): boolean {
    if (!this.#usable || this.#beatMs === undefined) return true;
    return this.#deps.clock.monotonicMs() - this.#beatMs < this.#deps.leaseMs * 0.8;
  }

  /** Begins to beat; `usable` false when the bucket cannot be had. */
  start(usable: boolean): void {
    this.#usable = usable;
    if (this.#timer === undefined) {
      this.#timer = setInterval(() => void this.beat(), this.#deps.heartbeatMs);
      this.#timer.unref();
    }
    void this.beat();
  }

  /** One heartbeat. */
  async beat(): Promise<void> {
    const connection = this.#deps.connection();
    if (connection === undefined || !this.#usable || this.#asking || this.#closed) return;
    this.#asking = true;
    try {
      const askedMs = this.#deps.clock.monotonicMs();
      const wrote = await this.#deps.bucket.put(connection, this.#key, this.#state(), this.#revision);
      if (this.#closed) return;
      this.#deps.onBeat(wrote.kind === 'ok' || wrote.kind === 'conflict' || wrote.kind === 'refused');
      if (wrote.kind === 'ok') {
        this.#held(wrote.revision, askedMs);
      } else if (wrote.kind === 'conflict') {
        await this.#reconcile(connection);
      } else if (wrote.kind === 'refused') {
        this.#usable = false;
        this.#deps.log.warn(
          { cause: wrote.text },
          'nats: the heartbeat cannot be written; other nodes cannot tell that this one lives',
        );
        this.#deps.onHeld();
      }
    } finally {
      this.#asking = false;
    }
  }

  /** Stops; with `orderly` the key is removed, so that nobody looks for this process. */
  async close(orderly: boolean): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    const connection = this.#deps.connection();
    if (orderly && connection !== undefined && this.#revision !== undefined) {
      await this.#deps.bucket.remove(connection, this.#key, this.#revision);
    }
  }

  #held(revision: number, askedMs: number): void {
    const wasHeld = this.holds && this.#beatMs !== undefined;
    this.#revision = revision;
    this.#beatMs = askedMs;
    if (!wasHeld) this.#deps.onHeld();
  }

  /** The key is not as this process left it: its own write whose answer was lost, or the mark of one that gave it up. */
  async #reconcile(connection: NatsConnection): Promise<void> {
    const held = await this.#deps.bucket.get(connection, this.#key);
    if (!held.ok) return;
    if (held.value.value === undefined || held.value.value.state === 'lost') {
      this.#deps.log.error({}, 'nats: this node was taken for lost; streams that others ended are over');
      await this.#deps.onLost(connection);
    }
    this.#revision = held.value.revision;
    const askedMs = this.#deps.clock.monotonicMs();
    const wrote = await this.#deps.bucket.put(connection, this.#key, this.#state(), this.#revision);
    if (wrote.kind === 'ok') this.#held(wrote.revision, askedMs);
  }

  #state(): NodeState {
    const { nodeId, bootId, leaseMs, clock } = this.#deps;
    const { draining, streams, stateLagMs } = this.#deps.describe();
    const time = new Date(clock.wallMs()).toISOString();
    return { nodeId, bootId, state: draining ? 'draining' : 'up', time, leaseMs, streams, stateLagMs };
  }
}
