import type { Config } from '../config/table.js';
import { NatsRpc } from '../control/rpc-bridge.js';
import type { Clock } from '../core/clock.js';
import { type ErrorCode, SluiceError } from '../core/errors.js';
import { type Logger, rateLimited, stderrLosses } from '../core/log.js';
import { MemoryAccount } from '../core/memory-account.js';
import type { NameRule } from '../core/names.js';
import type { RunningClock } from '../core/running-clock.js';
import { Door } from '../doors/door.js';
import { EventLayer } from '../events/event-layer.js';
import type { FlvDoor } from '../http-flv/flv-door.js';
import type { FlvListener } from '../http-flv/flv-listener.js';
import { Hub } from '../hub/hub.js';
import type { ByteSide, FactSide } from '../live/access.js';
import type { Admission } from '../live/admission.js';
import { CLONED_BORDER_VARIABLE, clonedByteSide, clonedFactSide } from '../live/cloned-border.js';
import { LiveStreams } from '../live/live-streams.js';
import type { StreamUrls } from '../model/stream-urls.js';
import { Recordings } from '../recording/record/recordings.js';
import type { Copies } from '../relay/cluster/copies.js';
import type { Relays } from '../relay/relays.js';
import { Captures } from '../rtmp/captures.js';
import { RtmpListener } from '../rtmp/rtmp-listener.js';
import type { ObjectFiles } from '../shared-objects/object-files.js';
import type { SharedObjects } from '../shared-objects/shared-objects.js';
import type { Certificates } from '../transport/tls/certificates.js';
import type { HttpTunnel } from '../transport/tunnel/tunnel.js';
import type { RecordedStreams } from '../vod/recorded-streams.js';
import { CodecPool } from '../wasm/pool.js';
import type { HookDeps } from '../webhooks/hook.js';
import type { Webhooks } from '../webhooks/webhooks.js';
import { type ClusterParts, makeCluster, nodeAccess, ticketSecretOf } from './cluster.js';
import { bothPulls, makeCopies } from './copies.js';
import { Descriptors } from './descriptors.js';
import { makeFlv } from './http-flv.js';
import { type Isolation, isolationOf } from './isolation.js';
import {
  captureOptions,
  codecLimits,
  eventsOptions,
  hubOptions,
  listenerOptions,
  liveStreamsOptions,
  recordingOptions,
  rpcOptions,
} from './options.js';
import { recordedStreams } from './recorded.js';
import { Refusals } from './refusals.js';
import { makeRelays } from './relays.js';
import { memoriesOfProcess, type Room, roomOf } from './room.js';
import { makeTunnel } from './rtmpt.js';
import { makeSharedObjects, openObjectFiles } from './shared-objects.js';

/** WASM instances that are kept ready: a burst of connections up to this many needs no instantiation. */
const WARM_INSTANCES = 64;

/** The parts of a server besides HTTP. */
export interface Parts {
  readonly clock: RunningClock;
  readonly memory: MemoryAccount;
  readonly hub: Hub;
  /** The way of connections to streams. */
  readonly door: Door;
  /** Remote shared objects. */
  readonly objects: SharedObjects;
  /** Players over HTTP and WebSocket, on whichever server they come. */
  readonly flv: FlvDoor;
  /** The address of their own; undefined: they have none. */
  readonly flvListener: FlvListener | undefined;
  readonly codecs: CodecPool;
  readonly liveStreams: LiveStreams;
  /** Plays files below `media.root`. */
  readonly recorded: RecordedStreams;
  /** Has calls of clients answered; undefined without NATS. */
  readonly rpc: NatsRpc | undefined;
  readonly names: NameRule;
  readonly descriptors: Descriptors;
  readonly refusals: Refusals;
  readonly listener: RtmpListener;
  readonly recordings: Recordings;
  /** Undefined while RTMPT is off. */
  readonly tunnel: HttpTunnel | undefined;
  /** Streams that are carried to other servers, and from them. */
  readonly relays: Relays;
  /** Streams of other nodes that are played here; undefined in no cluster. */
  readonly copies: Copies | undefined;
  /** Ends both. */
  readonly endRelays: () => void;
  /** Undefined in no cluster. */
  readonly cluster: ClusterParts | undefined;
  /** What is done without contact to the others. Undefined in no cluster. */
  readonly isolation: Isolation | undefined;
  /** For how many RTMP connections there is room now. */
  readonly room: () => Room;
  /** Reports, sends and writes what is due by time. Call it a few times a second. */
  readonly tick: (nowMs: number) => void;
}

/** What the parts are made with. */
interface PartsDeps {
  readonly log: Logger;
  readonly clock: RunningClock;
  readonly eventLayer: EventLayer;
  readonly names: NameRule;
  readonly captures: Captures | undefined;
  /** The folder of shared objects; undefined: none is persistent. */
  readonly objectFiles: ObjectFiles | undefined;
  readonly admission: Admission;
  readonly nodeId: string;
  /** ULID of this process. */
  readonly bootId: string;
  /** Where a stream can be fetched; asked once the listener listens. */
  readonly urls: (stream: { readonly app: string; readonly name: string }) => StreamUrls;
  /** Secret of this installation that tickets of jobs are signed with. */
  readonly ticketSecret: Uint8Array;
  /** Why nothing new is accepted at present, or undefined. */
  readonly closedFor: () => string | undefined;
  readonly httpConnections: () => number;
  /** Certificates for TLS as they are now; undefined: there is none. */
  readonly certificates: () => Certificates | undefined;
  /** The settings that hold now. */
  readonly settings: () => Config;
}

/**
 * Opens the event layer on the data folder.
 *
 * @throws SluiceError `ERR_DATA_FOLDER` when the system refuses a file or folder; `ERR_EVENTS_*`
 */
export async function openEventLayer(
  config: Config,
  deps: {
    readonly log: Logger;
    readonly clock: Clock;
    readonly nodeId: string;
    readonly bootId: string;
    readonly webhooks: Webhooks;
  },
): Promise<EventLayer> {
  const { webhooks, ...rest } = deps;
  const leaving = (upTo: number): Promise<void> => webhooks.leaving(upTo);
  return EventLayer.open(eventsOptions(config), { ...rest, leaving }).catch((cause: unknown) => {
    throw dataFolderError(config.data, cause);
  });
}

/**
 * Has webhooks begin to deliver.
 *
 * @throws SluiceError `ERR_CONFIG_INVALID_VALUE` for a type that is none, `ERR_DATA_FOLDER*` for their files
 */
export async function openWebhooks(config: Config, webhooks: Webhooks, deps: HookDeps): Promise<void> {
  await webhooks.open(config.webhooks, deps).catch((cause: unknown) => {
    throw dataFolderError(config.data, cause);
  });
}

/**
 * Opens the folder of captures.
 *
 * @returns undefined when captures are off
 * @throws SluiceError `ERR_DATA_FOLDER` when the system refuses the folder; `ERR_DATA_FOLDER_NOT_OURS`
 */
export async function openCaptures(
  config: Config,
  deps: { readonly log: Logger; readonly clock: Clock; readonly hidesNames: () => boolean },
): Promise<Captures | undefined> {
  const options = captureOptions(config, deps.hidesNames);
  if (options === undefined) return undefined;
  return Captures.open(options, deps).catch((cause: unknown) => {
    throw dataFolderError(options.dir, cause);
  });
}

/**
 * Opens the folder of shared objects; undefined when none may be persistent.
 *
 * @throws SluiceError `ERR_DATA_FOLDER` when the system refuses the folder; `ERR_DATA_FOLDER_NOT_OURS`
 */
export async function openObjects(config: Config): Promise<ObjectFiles | undefined> {
  return openObjectFiles(config).catch((cause: unknown) => {
    throw dataFolderError(config.data, cause);
  });
}

/** Makes the parts and ties them together. Nothing listens yet. */
export function makeParts(config: Config, deps: PartsDeps): Parts {
  const cluster = makeCluster(config, deps);
  const { log, clock, eventLayer, names } = deps;
  const nowMs = (): number => clock.monotonicMs();
  const memory = new MemoryAccount(config.limits.memoryBytes);
  const hub = new Hub(hubOptions(config), nowMs);
  const codecs = new CodecPool({ limits: codecLimits(config), warm: WARM_INSTANCES });
  const streams = makeStreams(config, deps, { memory, hub, codecs, cluster });
  const { door, recorded } = streams;
  const isolation = isolationOf(config, deps, streams.liveStreams);
  const objects = makeSharedObjects(config, {
    files: deps.objectFiles,
    facts: streams.facts,
    names,
    memory,
    log,
    nowMs,
  });
  const players = makeFlv(config, {
    ...{ door, log, nowMs, memory, listener: () => listener },
    descriptorShare: () => descriptors.rtmpShareAt(1),
  });
  const http = (): number => deps.httpConnections() + (players.flvListener?.connections ?? 0);
  const descriptors = new Descriptors({ rtmp: () => listener.sockets + unlisted(), http }, nowMs);
  const refusals = new Refusals(log, nowMs, descriptors);
  const refused = tellRefusals(refusals, door, log);
  // Sockets that the listener does not count. Its connections that came by RTMPT have no socket of their own.
  const unlisted = (): number => (tunnel?.ownConnections ?? 0) - (tunnel?.sessions ?? 0);
  const options = { ...listenerOptions(config), maxConnections: maxConnectionsOf(config) };
  const listener: RtmpListener = new RtmpListener(options, {
    codecs,
    door,
    objects,
    log,
    nowMs,
    captures: deps.captures,
    certificates: deps.certificates,
    recorded,
    // It is asked about a socket that was just accepted and is not counted yet.
    descriptorShare: () => descriptors.rtmpShareAt(1) - unlisted(),
    refused,
    http: config.rtmpt.enabled ? (connection) => tunnel?.take(connection) : undefined,
  });
  const tunnel: HttpTunnel | undefined = makeTunnel(config, {
    ...{ nowMs, listener, refused },
    descriptorShare: () => descriptors.rtmpShareAt(1) - listener.open + (tunnel?.sessions ?? 0),
  });
  for (const part of [hub, eventLayer.log, codecs, listener, tunnel]) part?.joinAccount(memory);
  memory.register('log_lines', () => stderrLosses().heldBytes);
  memory.register('captures', () => deps.captures?.heldBytes ?? 0);
  const room = (): Room => roomNow(deps.settings(), descriptors);
  const tick = tickOf([
    streams.recordings,
    players.flv,
    tunnel,
    door,
    streams.liveStreams,
    objects,
    streams.relays,
    cluster,
    isolation,
    streams.copies,
  ]);
  return {
    ...streams,
    ...players,
    ...{ cluster, isolation },
    ...{ clock, memory, hub, objects, codecs, names, descriptors, refusals, listener, tunnel, room, tick },
  };
}

/** The parts that streams run on. */
interface StreamParts
  extends Pick<Parts, 'door' | 'liveStreams' | 'recorded' | 'rpc' | 'recordings' | 'relays' | 'copies' | 'endRelays'> {
  /** The fact side, as the byte side reaches it. */
  readonly facts: FactSide;
}

/** Makes what decides about streams, what carries them, and what follows them. */
function makeStreams(
  config: Config,
  deps: PartsDeps,
  { memory, hub, codecs, cluster }: Pick<Parts, 'memory' | 'hub' | 'codecs' | 'cluster'>,
): StreamParts {
  const { log, clock, eventLayer, names } = deps;
  const { lifecycle } = eventLayer;
  const nowMs = (): number => clock.monotonicMs();
  const isCloned = process.env[CLONED_BORDER_VARIABLE] === '1';
  const toDoor: ByteSide = { answer: (message) => door.answer(message), order: (message) => door.order(message) };
  const rpc = rpcOf(config, deps);
  const recorded = recordedStreams(config, { log, nowMs, memory });
  const liveStreams = new LiveStreams(liveStreamsOptions(config), {
    bytes: isCloned ? clonedByteSide(toDoor) : toDoor,
    memory,
    lifecycle,
    names,
    admission: deps.admission,
    clock,
    log,
    urls: deps.urls,
    ticketSecret: ticketSecretOf(config) ?? deps.ticketSecret,
    nodes: nodeAccess(config, deps),
    ...(rpc === undefined ? {} : { rpc }),
    ownership: cluster?.claims,
    ticketOwners: cluster?.ticketOwners,
    recorded,
    pulls: bothPulls(
      () => relays,
      () => copies,
    ),
    closedFor: deps.closedFor,
  });
  const facts = isCloned ? clonedFactSide(liveStreams) : liveStreams;
  const door: Door = new Door({ hub, facts, nowMs, log, stallAfterMs: config.publish.stallAfterMs });
  lifecycle.measure = (streamId) => liveStreams.totalsOf(streamId);
  eventLayer.bus?.onFenced((streamIds) => liveStreams.fence(streamIds));
  cluster?.follow(liveStreams);
  const recordings = recordingsOf(config, deps, { hub, memory });
  const relays: Relays = makeRelays(config, { hub, door, codecs, clock, log, events: lifecycle.relays });
  const copies: Copies | undefined = makeCopies(config, { ...deps, cluster, hub, door, codecs });
  door.onBegun = (stream) => {
    recordings.begun(stream);
    relays.begun(stream);
  };
  const endRelays = (): void => {
    relays.close();
    copies?.close();
  };
  return { facts, door, liveStreams, recorded, rpc, recordings, relays, copies, endRelays };
}

/** For how many RTMP connections there is room now. */
function roomNow({ limits }: Config, { rtmpShare }: Descriptors): Room {
  return roomOf({ setting: limits.maxConnections, memories: memoriesOfProcess(), descriptors: rtmpShare });
}

/** Does what is due by time for each of them, in order. */
function tickOf(parts: readonly ({ tick(nowMs: number): void } | undefined)[]): (nowMs: number) => void {
  return (nowMs) => {
    for (const part of parts) part?.tick(nowMs);
  };
}

/** Counts sockets that were refused, and tells of those that are to be told one by one. */
function tellRefusals(refusals: Refusals, door: Door, log: Logger): (code: ErrorCode, address: string) => void {
  return (code, address) => {
    if (!refusals.note(code, address)) return;
    door.refused(address, code);
    log.debug({ code, peer: address }, 'connection refused');
  };
}

/** Most RTMP connections: the setting, or less where the process has fewer WebAssembly memories. */
export function maxConnectionsOf({ limits }: Config): number {
  return Math.min(limits.maxConnections, memoriesOfProcess());
}

/** Records streams that begin behind the door. */
function recordingsOf(config: Config, deps: PartsDeps, { hub, memory }: Pick<Parts, 'hub' | 'memory'>): Recordings {
  const { clock, eventLayer } = deps;
  const recordings = new Recordings(recordingOptions(config), {
    ...{ hub, events: eventLayer.lifecycle.records, chunkSize: config.rtmp.chunkSize },
    ...{ nowMs: () => clock.monotonicMs(), wallMs: () => clock.wallMs() },
    log: rateLimited(deps.log, clock, config.log.faultLinesPerSecond),
  });
  memory.register('recordings', () => recordings.heldBytes);
  return recordings;
}

/** The answers to calls of clients; undefined without NATS. */
function rpcOf(config: Config, { eventLayer, nodeId, clock, log }: PartsDeps): NatsRpc | undefined {
  const { requests } = eventLayer;
  if (requests === undefined) return undefined;
  return new NatsRpc(rpcOptions(config), {
    ...{ prefix: config.events.prefix, nodeId, requests, clock },
    log: rateLimited(log, clock, config.log.faultLinesPerSecond),
  });
}

/** Logs for how many connections there is room, as a warning when that is less than the setting. */
export function logRoom(log: Logger, setting: number, { descriptors, room }: Parts): void {
  const { connections, bound } = room();
  log[connections < setting ? 'warn' : 'info'](
    { connections, bound, setting, descriptors: descriptors.rtmpShare, memories: memoriesOfProcess() },
    `there is room for ${connections} RTMP connections; the least bound is ${bound}`,
  );
}

/**
 * What the system says about a file in the data folder is for the operator to correct. Everything else stays as it is.
 */
function dataFolderError(folder: string, cause: unknown): unknown {
  if (!(cause instanceof Error && 'syscall' in cause)) return cause;
  return new SluiceError('ERR_DATA_FOLDER', `${folder}: ${cause.message}`, { cause });
}
