import { createHmac } from 'node:crypto';
import { HolderCheck } from '../cluster/holder-check.js';
import { LeftStreams } from '../cluster/left-streams.js';
import { NameClaims } from '../cluster/name-claims.js';
import { NameRegistry } from '../cluster/name-registry.js';
import { OwnerCache } from '../cluster/owner-cache.js';
import { OwnerSweep } from '../cluster/owner-sweep.js';
import { newsBody } from '../cluster/owner-value.js';
import { NodePeers } from '../cluster/peers.js';
import { TICKET_CHECK, TICKET_ISSUED, TicketChecks } from '../cluster/ticket-checks.js';
import { YieldSeal } from '../cluster/yield-messages.js';
import { type YieldCounts, YieldService } from '../cluster/yield-service.js';
import { YieldRequests } from '../cluster/yielding.js';
import { type HostPort, parseAdvertised } from '../config/listen.js';
import type { Config } from '../config/table.js';
import type { Clock } from '../core/clock.js';
import { SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { EventBus } from '../events/bus/event-bus.js';
import type { EventLayer } from '../events/event-layer.js';
import { END_TYPE } from '../events/subjects.js';
import type { TicketOwners } from '../live/forwarded-tickets.js';
import type { LiveStreams } from '../live/live-streams.js';
import type { NodeAccessOptions } from '../live/node-access.js';
import type { Owners } from '../live/owners.js';
import type { Peers } from '../live/peers.js';
import { RelaySeal } from '../live/relay-ticket.js';
import { AnswerTimeout } from '../nats/answer-timeout.js';
import type { NatsMessage } from '../nats/requests.js';
import { answersAt } from './port-probe.js';

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
 * @throws SluiceError `ERR_CLUSTER_SECRET` when it is in one without NATS or without a secret; `ERR_TLS_CERTIFICATE`
 *   when others would be told to fetch over TLS, and no port takes it
 */
export function clusterOptions({ cluster, nats, rtmp, rtmps }: Config): ClusterOptions | undefined {
  const { enabled, secret, advertise, tls, ...rest } = cluster;
  if (!enabled) return undefined;
  if (nats.url === '') throw new SluiceError('ERR_CLUSTER_SECRET', 'nats.url is not set');
  const bytes = Buffer.byteLength(secret);
  if (bytes < LEAST_SECRET) throw new SluiceError('ERR_CLUSTER_SECRET', `cluster.secret has ${bytes} bytes`);
  if (tls === 'on') {
    if (rtmps.cert === '' && rtmps.certificates.length === 0)
      throw new SluiceError('ERR_TLS_CERTIFICATE', 'cluster.tls is on, and neither rtmps.cert nor rtmps.certificates');
    if (rtmps.listen === 'off' && !rtmp.sniff)
      throw new SluiceError('ERR_TLS_CERTIFICATE', 'cluster.tls is on, and both rtmps.listen and rtmp.sniff are off');
  }
  return {
    ...{ ...rest, secret, isSecure: tls === 'on' },
    advertise: (port) => (advertise === '' ? undefined : parseAdvertised(advertise, port)),
  };
}

/** What lets other nodes fetch streams from this one; undefined when it is in no cluster. */
export function nodeAccess(
  config: Config,
  { nodeId, bootId }: { readonly nodeId: string; readonly bootId: string },
): NodeAccessOptions | undefined {
  const options = clusterOptions(config);
  return options && { seal: new RelaySeal(options.secret), nodeId, bootId, maxHops: options.maxHops };
}

/** What a node of a cluster is made of besides the parts of a single one. */
export interface ClusterParts {
  /** Finds the other nodes. */
  readonly peers: Peers;
  /** Which of them has which name. */
  readonly owners: Owners;
  /** Claims names for what is published here. */
  readonly claims: NameClaims;
  /** Why the registry of names could not be used the last time; empty when it could. */
  readonly trouble: string;
  /** Tells the claims what becomes of streams, and ends those whose name another node has. */
  follow(liveStreams: Pick<LiveStreams, 'commands' | 'publishes' | 'yields' | 'jobs'>): void;
  /** What became of what other nodes have asked so; undefined: nobody can ask yet. */
  readonly yielded: Readonly<YieldCounts> | undefined;
  /** Knows of tickets of jobs for streams of other nodes. */
  readonly ticketOwners: TicketOwners;
  /** Takes what other nodes ask about streams of this one, by the last token of the subject. */
  readonly asked: Readonly<Record<string, (message: NatsMessage) => void>>;
  /** Does what is due by time. Call it a few times a second. */
  tick(nowMs: number): void;
}

/** What the parts of a cluster are made with. */
interface ClusterDeps {
  readonly eventLayer: EventLayer;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeId: string;
  /** ULID of this process. */
  readonly bootId: string;
}

/**
 * Makes the parts of a cluster.
 *
 * @returns undefined when this node is in none
 * @throws SluiceError as {@link clusterOptions}
 */
export function makeCluster(config: Config, deps: ClusterDeps): ClusterParts | undefined {
  const options = clusterOptions(config);
  const { eventLayer, clock, log } = deps;
  const { bus } = eventLayer;
  if (options === undefined || bus === undefined) return undefined;
  const { prefix } = config.events;
  const registry = new NameRegistry({
    replicas: config.nats.replicas,
    answerTimeout: new AnswerTimeout(ANSWER_MS, MOST_ANSWER_MS),
    connection: () => bus.link.connection,
    writable: () => bus.writable,
  });
  const peers = new NodePeers({ directory: bus.directory, peers: options.peers, clock, log });
  const { requests } = bus;
  const owners = new OwnerCache({ registry, requests, clock, prefix });
  const { nodeId, bootId } = deps;
  const holders = new HolderCheck({
    ...{ nodeId, bootId, prefix, suspectMs: options.suspectMs, clock, requests, peers, answers: answersAt, pause },
    isLost: (node, boot) => bus.isLost(node, boot),
  });
  const claims = claimsOf(options, deps, { bus, registry, owners, holders });
  const { moves } = eventLayer.lifecycle;
  const seal = new YieldSeal(options.secret, clock);
  claims.yielding = new YieldRequests({ nodeId, prefix, seal, requests, clock, log });
  claims.arrivals.arrivals = moves;
  const left = new LeftStreams({ registry, moves, log, lastOf: (streamId) => bus.directory.lastOf(streamId) });
  const sweep = sweepOf(deps, bus, registry, holders);
  const signal = (tokens: readonly string[], data: object): void => bus.signal(tokens, data);
  const tickets = new TicketChecks({ prefix, secret: options.secret, requests, signal });
  let yields: YieldService | undefined;
  return {
    ...{ peers, owners, claims, ticketOwners: tickets },
    get trouble() {
      return registry.trouble;
    },
    get yielded() {
      return yields?.counts;
    },
    asked: askedOf(() => yields, tickets),
    follow: (liveStreams) => {
      const { commands, publishes } = liveStreams;
      tickets.jobs = liveStreams.jobs;
      claims.onLost = (streamId) => {
        publishes.fence([streamId]);
        void commands.outdone(streamId);
      };
      const { handovers } = claims;
      const lost = (streamId: string): void => claims.onLost(streamId);
      yields = new YieldService({ bootId, seal, handovers, yields: liveStreams.yields, clock, log, lost });
      followEvents(eventLayer, claims);
      bus.onState((state) => {
        if (state === 'ready') claims.returned();
      });
    },
    tick: (nowMs) => {
      claims.tick(nowMs);
      left.tick(nowMs);
      sweep.tick(nowMs);
    },
  };
}

/** Events with which a stream begins on a node. */
const BEGIN_TYPES: ReadonlySet<string> = new Set(['io.sluice.stream.started', 'io.sluice.stream.resumed']);

/** Tells the claims which streams have begun and ended. */
function followEvents({ log }: EventLayer, claims: NameClaims): void {
  log.subscribe((entry) => {
    const isBegin = BEGIN_TYPES.has(entry.type);
    if (!isBegin && entry.type !== END_TYPE) return;
    const { streamId } = entry.event.data as { readonly streamId: string };
    // What is in the journal begins in this turn.
    if (isBegin) setImmediate(() => claims.begun(streamId));
    else claims.release(streamId);
  });
}

/** The secret of tickets of jobs, which all nodes of a cluster check; undefined: this node is in none. */
export function ticketSecretOf(config: Config): Uint8Array | undefined {
  const secret = clusterOptions(config)?.secret;
  return secret === undefined ? undefined : createHmac('sha256', secret).update('sluice job tickets v1').digest();
}

/** Takes what other nodes ask about streams of this one, by the last token of the subject. */
function askedOf(yields: () => YieldService | undefined, tickets: TicketChecks): ClusterParts['asked'] {
  return {
    yield: (message) => void yields()?.take(message),
    [TICKET_CHECK]: (message) => tickets.take(message),
    // This node has told it itself, or had the stream until now.
    [TICKET_ISSUED]: () => {},
  };
}

/** Makes what clears the registry of names that nobody has. */
function sweepOf(
  { nodeId, bootId, clock, log }: ClusterDeps,
  bus: EventBus,
  registry: NameRegistry,
  holders: HolderCheck,
): OwnerSweep {
  return new OwnerSweep({
    ...{ nodeId, bootId, registry, holders, directory: bus.directory, log, random: Math.random },
    wallMs: () => clock.wallMs(),
    tell: (of, news) => bus.signal(['reg', of.app, of.name], newsBody(news)),
  });
}

/** Waits for so many ms; a process that ends does not wait. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** Makes what claims names. */
function claimsOf(
  { claimTimeoutMs, onRegistryDown, role }: ClusterOptions,
  { eventLayer, clock, log, nodeId, bootId }: ClusterDeps,
  parts: {
    readonly bus: EventBus;
    readonly registry: NameRegistry;
    readonly owners: OwnerCache;
    readonly holders: HolderCheck;
  },
): NameClaims {
  const { bus, registry, holders, owners } = parts;
  const { openStreams } = eventLayer.lifecycle;
  const options = { nodeId, bootId, takesPublishers: role !== 'edge', claimTimeoutMs, onRegistryDown };
  return new NameClaims(options, {
    ...{ registry, holders, owners, clock, log, pause, random: Math.random },
    send: ({ app, name }, news) => bus.signal(['reg', app, name], newsBody(news)),
    adopted: (streamId, epoch) => {
      const stream = openStreams.get(streamId);
      if (stream !== undefined) stream.epoch = epoch;
    },
  });
}
