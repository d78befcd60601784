import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { NatsConnection } from '../../nats/connection.js';
import type { KvBucket, KvCheck, KvWrite } from '../../nats/kv-bucket.js';
import type { NodeFacts, NodeState } from '../event-types.js';
import { nodeKey } from '../subjects.js';

/** After this part of a lease without a heartbeat nothing is published any more. */
const LAPSES_AT = 0.8;

/** What a lease needs from its surroundings. */
interface NodeLeaseDeps {
  readonly bucket: KvBucket<NodeState>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly nodeId: string;
  readonly bootId: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  connection(): NatsConnection | undefined;
  /** Makes the bucket when it is missing. */
  ensure(connection: NatsConnection): Promise<KvCheck>;
  /** The heartbeat's content besides the time. */
  describe(): Pick<NodeState, 'streams' | 'stateLagMs'> & NodeFacts & { readonly draining: boolean };
  /**
   * Other nodes took this process for lost, or may have (`evidence`), and the heartbeat now says that it is back.
   * Publishing goes on when the returned promise resolves with `true`; with `false` it is called again after another
   * heartbeat. Heartbeats go on meanwhile.
   */
  onReturned(connection: NatsConnection, evidence: LossEvidence): Promise<boolean>;
  /** The lease is held (again). */
  onHeld(): void;
  /**
   * No heartbeat got through for most of the lease, and `cause` is why the last one did not. Nothing is published until
   * one does.
   */
  onLapsed(cause: string): void;
  /** Called after each heartbeat with whether the server has answered it in any way. */
  onHeartbeat(answered: boolean): void;
}

/**
 * The evidence that a process was taken for lost. `taken`: the mark of another node, or the removal of its heartbeat,
 * with the last known heartbeat (RFC 3339). `forgotten`: the bucket is a new one, so nothing is known.
 */
export type LossEvidence = { readonly kind: 'taken'; readonly lastTime: string } | { readonly kind: 'forgotten' };

type FailedWrite = Extract<KvWrite, { readonly text: string }>;

/**
 * The heartbeat of this process, and its consequences: while no heartbeat got through for most of the lease, nothing is
 * published, because another node may be about to end the streams. Time is measured by the monotonic clock.
 */
export class NodeLease {
  readonly #deps: NodeLeaseDeps;
  readonly #key: string;
  #revision: number | undefined;
  /** Revision of the first heartbeat in this bucket. */
  #joined: number | undefined;
  #lastHeartbeatMs: number | undefined;
  /** Wall clock of the last heartbeat that got through (RFC 3339). */
  #lastHeartbeatTime = '';
  #usable = false;
  #troubled = false;
  #asking = false;
  /** Whether another heartbeat follows the one that is under way. */
  #isDue = false;
  /** Set when this process finds out that it was taken for lost, until the consequences are dealt with. */
  #loss: LossEvidence | undefined;
  #returning = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: NodeLeaseDeps) {
    this.#deps = deps;
    this.#key = nodeKey(deps.nodeId, deps.bootId);
  }

  /**
   * Whether events may be sent. It is true also where the bucket cannot be used at all: a lease that other nodes cannot
   * see fences nothing.
   */
  get holds(): boolean {
    if (!this.#usable) return true;
    if (this.#loss !== undefined) return false;
    return !this.hasLapsed;
  }

  /** Revision of the first heartbeat of this process; undefined: none got through. */
  get joined(): number | undefined {
    return this.#joined;
  }

  /** Whether no heartbeat got through for most of the lease, so that other nodes may take this one for lost. */
  get hasLapsed(): boolean {
    if (!this.#usable || this.#lastHeartbeatMs === undefined) return false;
    return this.#deps.clock.monotonicMs() - this.#lastHeartbeatMs >= this.#deps.leaseMs * LAPSES_AT;
  }

  /**
   * Begins to send heartbeats; `usable` false when this user may not have the bucket.
   *
   * @returns resolves after the first heartbeat, whether it got through or not
   */
  start(usable: boolean): Promise<void> {
    this.#usable = usable;
    if (this.#timer === undefined) {
      this.#timer = setInterval(() => void this.heartbeat(), this.#deps.heartbeatMs);
      this.#timer.unref();
    }
    return this.heartbeat();
  }

  /** What a heartbeat tells has changed: one follows at once, behind the one that is under way. */
  tell(): void {
    this.#isDue = this.#asking;
    void this.heartbeat();
  }

  /** One heartbeat. */
  async heartbeat(): Promise<void> {
    const connection = this.#deps.connection();
    if (connection === undefined || !this.#usable || this.#asking || this.#closed) return;
    this.#asking = true;
    this.#isDue = false;
    try {
      const askedMs = this.#deps.clock.monotonicMs();
      const state = this.#state();
      const wrote = await this.#deps.bucket.put(connection, this.#key, state, this.#revision);
      if (this.#closed) return;
      if (wrote.kind === 'missing') {
        await this.#restore(connection, wrote);
        return;
      }
      this.#deps.onHeartbeat(wrote.kind !== 'no_answer');
      if (wrote.kind === 'ok') this.#held(connection, wrote.revision, askedMs, state.time);
      else if (wrote.kind === 'conflict') await this.#reconcile(connection);
      else this.#failed(wrote);
    } finally {
      this.#asking = false;
    }
    if (this.#isDue) await this.heartbeat();
  }

  /**
   * No server takes heartbeats. The bucket is made again when it is gone; when its stream is between two leaders, the
   * next heartbeat will do.
   */
  async #restore(connection: NatsConnection, wrote: FailedWrite): Promise<void> {
    const check = await this.#deps.ensure(connection);
    if (this.#closed) return;
    this.#deps.onHeartbeat(check.kind !== 'unavailable');
    if (check.kind === 'ok') await this.#reconcile(connection);
    else this.#failed(check.kind === 'denied' ? { kind: 'denied', text: `${check.code} ${check.text}` } : wrote);
  }

  /**
   * Only a missing permission lasts. Everything else may be over at the next heartbeat, and the streams of a node that
   * stopped sending heartbeats would be ended.
   */
  #failed(wrote: FailedWrite): void {
    if (!this.#troubled || wrote.kind === 'denied') {
      this.#deps.log.warn(
        { cause: wrote.text },
        'nats: the heartbeat cannot be written; other nodes cannot tell that this one lives',
      );
    }
    this.#troubled = true;
    if (wrote.kind === 'denied') {
      this.#usable = false;
      this.#deps.onHeld();
    } else if (!this.holds) {
      this.#deps.onLapsed(wrote.text);
    }
  }

  /** Stops. With `orderly` the key is removed, so that no node looks for this process. */
  async close(orderly: boolean): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    const connection = this.#deps.connection();
    if (orderly && connection !== undefined && this.#revision !== undefined) {
      await this.#deps.bucket.remove(connection, this.#key, this.#revision);
    }
  }

  #held(connection: NatsConnection, revision: number, askedMs: number, time: string): void {
    const wasHeld = this.holds && this.#lastHeartbeatMs !== undefined;
    this.#revision = revision;
    this.#joined ??= revision;
    this.#lastHeartbeatMs = askedMs;
    this.#lastHeartbeatTime = time;
    this.#troubled = false;
    if (this.#loss !== undefined) void this.#return(connection, this.#loss);
    else if (!wasHeld) this.#deps.onHeld();
  }

  /** Deals with a loss. A loss that is noticed meanwhile is dealt with after the next heartbeat. */
  async #return(connection: NatsConnection, loss: LossEvidence): Promise<void> {
    if (this.#returning) return;
    this.#returning = true;
    const done = await this.#deps.onReturned(connection, loss);
    this.#returning = false;
    if (!done || this.#closed || this.#loss !== loss) return;
    this.#loss = undefined;
    if (this.holds) this.#deps.onHeld();
  }

  /**
   * The key is not as this process left it. The cause is its own write whose answer was lost, or the mark of a node
   * that took it for lost.
   */
  async #reconcile(connection: NatsConnection): Promise<void> {
    const held = await this.#deps.bucket.get(connection, this.#key);
    if (!held.ok) {
      this.#failed({ kind: 'no_answer', text: `read-back: ${held.code} ${held.text}` });
      return;
    }
    const { value, revision } = held.value;
    // A node that ends another one's streams leaves a mark or a deletion. Without either, the bucket is a new one; the
    // streams are checked all the same.
    const isNew = value === undefined && revision === 0;
    if (isNew && this.#revision !== undefined) {
      this.#deps.log.warn({}, 'nats: the heartbeats were gone; streams are looked up that others may have ended');
      // Revisions of another bucket cannot be compared.
      this.#joined = undefined;
      this.#loss ??= { kind: 'forgotten' };
    } else if (!isNew && (value === undefined || value.state === 'lost')) {
      this.#deps.log.error({}, 'nats: this node was taken for lost; its streams of before are over');
      this.#loss = { kind: 'taken', lastTime: value?.time ?? this.#lastHeartbeatTime };
    }
    this.#revision = revision;
    const askedMs = this.#deps.clock.monotonicMs();
    const state = this.#state();
    const wrote = await this.#deps.bucket.put(connection, this.#key, state, this.#revision);
    if (wrote.kind === 'ok') this.#held(connection, wrote.revision, askedMs, state.time);
    else if (wrote.kind !== 'conflict') this.#failed(wrote);
  }

  #state(): NodeState {
    const { nodeId, bootId, leaseMs, clock } = this.#deps;
    const { draining, ...told } = this.#deps.describe();
    const time = new Date(clock.wallMs()).toISOString();
    return { nodeId, bootId, state: draining ? 'draining' : 'up', time, leaseMs, ...told };
  }
}
