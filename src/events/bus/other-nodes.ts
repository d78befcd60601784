import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { NatsConnection } from '../../nats/connection.js';
import type { KvBucket } from '../../nats/kv-bucket.js';
import type { NatsRequests } from '../../nats/requests.js';
import type { NodeState } from '../event-types.js';
import { nodeKey } from '../subjects.js';
import type { LostNodeDeps } from './lost-node.js';
import { Members, RING } from './members.js';
import { type AgedNode, NodeAges } from './node-ages.js';
import { Reaper } from './reaper.js';

/** The list of all nodes is read once in so many leases: 30 s with the default lease. */
const LIST_LEASES = 2;
/** Heartbeats of another process with this node's id that must be seen to come before it is taken for alive. */
const SURE_MOVES = 2;
/** Most nodes of which it is remembered that they were told of. */
const MOST_TOLD = 10_000;

/** What {@link OtherNodes} is made with. */
interface OtherNodesDeps extends LostNodeDeps {
  readonly nodes: KvBucket<NodeState>;
  readonly requests: Pick<NatsRequests, 'subscribe'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly leaseMs: number;
  /** Whether the streams of lost nodes are ended. */
  readonly reap: boolean;
  connection(): NatsConnection | undefined;
  /** Sends a message that is not stored. */
  signal(tokens: readonly string[], data: object): void;
  /** Revision of the first heartbeat of this process; undefined: in no cluster, or not written yet. */
  joined(): number | undefined;
  /** Another process with this node's id lives, and was there before. */
  onOlderTwin(bootId: string): void;
}

/** The other processes on this NATS: who there is, who of them is lost, and who should not be there. */
export class OtherNodes {
  readonly #deps: OtherNodesDeps;
  readonly #ages: NodeAges;
  readonly #members: Members;
  readonly #reaper: Reaper;
  /** Ids of nodes whose names are not shared with this one, as was told. */
  readonly #strangers = new Set<string>();
  /** Boots with this node's id that live, as was told. */
  readonly #twins = new Set<string>();

  constructor(deps: OtherNodesDeps) {
    this.#deps = deps;
    const { nodes, requests, clock, leaseMs, emitter } = deps;
    this.#ages = new NodeAges(nodes, clock, leaseMs);
    const { prefix } = emitter;
    this.#members = new Members({ nodes, requests, clock, prefix, everyMs: LIST_LEASES * leaseMs });
    this.#reaper = new Reaper({
      ...deps,
      ...{ ages: this.#ages, members: this.#members, ends: deps.reap },
      seen: (aged) => this.#seen(aged),
      removed: (node) => this.#tell('left', node),
    });
  }

  /** Begins, or goes on with a new connection. */
  start(): void {
    this.#members.start();
    this.#reaper.start();
  }

  /** Looks once at those that this process watches. */
  poll(): Promise<void> {
    return this.#reaper.poll();
  }

  /** The connection is lost: earlier looks say nothing about the present. */
  forget(): void {
    this.#ages.forget();
    this.#members.forget();
  }

  /** The heartbeat of this process stands in the bucket, or was removed from it in good order. */
  announce(verb: 'joined' | 'left'): void {
    this.#tell(verb, this.#deps.emitter);
  }

  /** As `EventBus.isLost` says. */
  async isLost(nodeId: string, bootId: string): Promise<boolean> {
    const connection = this.#deps.connection();
    return connection !== undefined && this.#ages.isLost(connection, nodeKey(nodeId, bootId));
  }

  close(): void {
    this.#reaper.close();
    this.#members.close();
  }

  #tell(verb: 'joined' | 'left', { nodeId, bootId }: { readonly nodeId: string; readonly bootId: string }): void {
    const time = new Date(this.#deps.clock.wallMs()).toISOString();
    this.#deps.signal([RING, nodeId, bootId, verb], { nodeId, bootId, time });
  }

  #seen({ node, moves }: AgedNode): void {
    if (node === undefined || moves === 0) return;
    const { emitter } = this.#deps;
    if (node.nodeId === emitter.nodeId) {
      if (moves >= SURE_MOVES && node.bootId !== emitter.bootId) this.#twin(node);
    } else this.#stranger(node);
  }

  /** Names are shared by nodes of a cluster, which tell when they joined. */
  #stranger({ nodeId, joined }: NodeState): void {
    const isAlone = this.#deps.joined() === undefined;
    if ((!isAlone && joined !== undefined) || this.#strangers.has(nodeId) || this.#strangers.size >= MOST_TOLD) return;
    this.#strangers.add(nodeId);
    this.#deps.log.warn(
      { node: nodeId },
      isAlone
        ? 'another node uses this NATS, and names are not shared with it: each accepts a publisher of the same name; set cluster.enabled on both, or another events.prefix and buckets of its own'
        : 'a node on this NATS is in no cluster: names are not shared with it until it has cluster.enabled, too',
    );
  }

  /**
   * Two processes with one id take each other's streams. Who was there first is told by revisions of the bucket, which
   * no clock can move; a process that tells none is of an older version, or alone.
   */
  #twin({ nodeId, bootId, joined }: NodeState): void {
    const own = this.#deps.joined();
    if (this.#twins.has(bootId) || this.#twins.size >= MOST_TOLD) return;
    this.#twins.add(bootId);
    this.#deps.log.error({ node: nodeId, boot: bootId }, 'another process that lives has the id of this node');
    if (own !== undefined && (joined === undefined || joined < own)) this.#deps.onOlderTwin(bootId);
  }
}
