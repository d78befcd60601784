import { NameRegistry } from '../cluster/name-registry.js';
import { OwnerCache } from '../cluster/owner-cache.js';
import { NodePeers } from '../cluster/peers.js';
import { type HostPort, parseAdvertised } from '../config/listen.js';
import type { Config } from '../config/table.js';
import type { Clock } from '../core/clock.js';
import { SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { EventLayer } from '../events/event-layer.js';
import type { Owners } from '../live/owners.js';
import type { Peers } from '../live/peers.js';
import { AnswerTimeout } from '../nats/answer-timeout.js';

/** Fewest bytes of `cluster.secret`. */
const LEAST_SECRET = 16;

/** How long an answer of the registry is waited for, and at most, in ms. */
const [ANSWER_MS, MOST_ANSWER_MS] = [1000, 4000];

/** What the settings say of the cluster that this node is one of. */
export interface ClusterOptions {
  readonly secret: string;
  /** Where other nodes reach this one; undefined: where players do. */
  readonly advertise: (port: number) => HostPort | undefined;
  readonly zone: string;
  /** CIDR blocks of addresses that may be connected to. */
  readonly peers: readonly string[];
  readonly role: 'any' | 'origin' | 'edge';
  readonly claimTimeoutMs: number;
  readonly suspectMs: number;
  readonly onRegistryDown: 'refuse' | 'local';
  readonly onIsolated: 'keep' | 'stop';
  readonly maxDelayMs: number;
  readonly maxHops: number;
  readonly idleMs: number;
  readonly lingerMs: number;
  readonly stallMs: number;
  readonly connectTimeoutMs: number;
  /** Whether others are told to fetch streams over TLS. */
  readonly isSecure: boolean;
}

/**
 * The settings of the cluster.
 *
 * @returns undefined when this node is in none
 * @throws SluiceError `ERR_CLUSTER_SECRET` when it is in one without NATS or without a secret
 */
export function clusterOptions({ cluster, nats }: Config): ClusterOptions | undefined {
  const { enabled, secret, advertise, tls, ...rest } = cluster;
  if (!enabled) return undefined;
  if (nats.url === '') throw new SluiceError('ERR_CLUSTER_SECRET', 'nats.url is not set');
  const bytes = Buffer.byteLength(secret);
  if (bytes < LEAST_SECRET) throw new SluiceError('ERR_CLUSTER_SECRET', `cluster.secret has ${bytes} bytes`);
  return {
    ...{ ...rest, secret, isSecure: tls === 'on' },
    advertise: (port) => (advertise === '' ? undefined : parseAdvertised(advertise, port)),
  };
}

/** What a node of a cluster is made of besides the parts of a single one. */
export interface ClusterParts {
  /** Finds the other nodes. */
  readonly peers: Peers;
  /** Which of them has which name. */
  readonly owners: Owners;
}

/**
 * Makes the parts of a cluster.
 *
 * @returns undefined when this node is in none
 * @throws SluiceError `ERR_CLUSTER_SECRET`, as {@link clusterOptions}
 */
export function makeCluster(
  config: Config,
  { eventLayer, clock, log }: { readonly eventLayer: EventLayer; readonly clock: Clock; readonly log: Logger },
): ClusterParts | undefined {
  const options = clusterOptions(config);
  const { bus } = eventLayer;
  if (options === undefined || bus === undefined) return undefined;
  const registry = new NameRegistry({
    replicas: config.nats.replicas,
    answerTimeout: new AnswerTimeout(ANSWER_MS, MOST_ANSWER_MS),
    connection: () => bus.link.connection,
    writable: () => bus.writable,
  });
  return {
    peers: new NodePeers({ directory: bus.directory, peers: options.peers, clock, log }),
    owners: new OwnerCache({ registry, requests: bus.requests, clock, prefix: config.events.prefix }),
  };
}
