import { join } from 'node:path';
import { parseListen } from '../config/listen.js';
import type { Config } from '../config/table.js';
import type { RpcOptions } from '../control/rpc-bridge.js';
import type { EventsOptions } from '../events/options.js';
import type { FlvDoorOptions } from '../http-flv/flv-door.js';
import type { FlvListenerOptions } from '../http-flv/flv-listener.js';
import type { HubOptions } from '../hub/hub.js';
import type { LiveStreamsOptions } from '../live/live-streams.js';
import type { NatsOptions } from '../nats/options.js';
import type { RecordingOptions } from '../recording/record/recordings.js';
import type { CaptureOptions } from '../rtmp/captures.js';
import type { ListenerOptions } from '../rtmp/rtmp-listener.js';
import type { TunnelOptions } from '../transport/tunnel/tunnel.js';
import type { CodecLimits } from '../wasm/limits.js';

/** The settings of the hub. */
export function hubOptions({ rtmp, hub, fanout, publish, play, cluster }: Config): HubOptions {
  return {
    chunkSize: rtmp.chunkSize,
    gopMaxBytes: hub.gopMaxBytes,
    gopMaxMessages: hub.gopMaxMessages,
    gopMaxMs: hub.gopMaxMs,
    maxLagMs: play.maxLagMs,
    maxHeaderBytes: publish.maxHeaderBytes,
    maxKeyframeWaitMs: play.maxKeyframeWaitMs,
    readyTimeoutMs: publish.readyTimeoutMs,
    lingerMs: play.lingerMs,
    startDelayMs: play.startDelayMs,
    maxDelayMs: fanout.maxDelayMs,
    playersAtMaxDelay: fanout.playersAtMaxDelay,
    relayDelayMs: cluster.maxDelayMs,
  };
}

/** The settings of listener and connections. */
export function listenerOptions({ nats, rpc, rtmp, rtmpe, rtmps, limits, publish, play }: Config): ListenerOptions {
  const { apps } = rpc;
  const { host, port } = parseListen(rtmp.listen);
  return {
    host,
    port,
    maxConnections: limits.maxConnections,
    maxConnectionsPerIp: limits.maxConnectionsPerIp,
    acceptsPerSecondPerIp: limits.acceptsPerSecondPerIp,
    acceptBurstPerIp: limits.acceptBurstPerIp,
    limitLoopback: limits.limitLoopback,
    sniff: rtmp.sniff,
    secure: rtmps.listen === 'off' ? undefined : parseListen(rtmps.listen),
    chunkSize: rtmp.chunkSize,
    windowAckBytes: rtmp.windowAckBytes,
    pingIntervalMs: rtmp.pingIntervalMs,
    firstBytesTimeoutMs: limits.firstBytesTimeoutMs,
    handshakeTimeoutMs: limits.handshakeTimeoutMs,
    connectTimeoutMs: limits.connectTimeoutMs,
    idleMs: limits.idleMs,
    preAuthBytes: limits.preAuthBytes,
    maxNetStreams: limits.maxNetStreams,
    commandsPerSecond: limits.commandsPerSecond,
    firstFrameTimeoutMs: publish.firstFrameTimeoutMs,
    idleTimeoutMs: publish.idleTimeoutMs,
    unwatchedReadMs: publish.unwatchedReadMs,
    stallTimeoutMs: play.stallTimeoutMs,
    maxLagBytes: play.maxLagBytes,
    aggregate: play.aggregate,
    inboundBytesPerSecond: play.inboundBytesPerSecond,
    encrypted: rtmpe.enabled,
    // Without NATS nobody could answer.
    callApps: nats.url === '' ? [] : apps,
  };
}

/** The settings of RTMPT. */
export function tunnelOptions({ rtmpt, limits }: Config): TunnelOptions {
  return {
    sessionTimeoutMs: rtmpt.sessionTimeoutMs,
    gapTimeoutMs: rtmpt.gapTimeoutMs,
    holdMs: rtmpt.holdMs,
    maxAnswerBytes: rtmpt.maxAnswerBytes,
    maxRequestBytes: rtmpt.maxRequestBytes,
    requestTimeoutMs: rtmpt.requestTimeoutMs,
    maxHttpConnections: rtmpt.maxHttpConnections,
    maxConnectionsPerIp: limits.maxConnectionsPerIp,
    acceptsPerSecondPerIp: limits.acceptsPerSecondPerIp,
    acceptBurstPerIp: limits.acceptBurstPerIp,
    limitLoopback: limits.limitLoopback,
  };
}

/** The settings of players over HTTP and WebSocket. */
export function flvDoorOptions({ httpFlv, play }: Config): FlvDoorOptions {
  const { maxPlayers, cors, waitMs, startTimeoutMs } = httpFlv;
  const { stallTimeoutMs, maxLagBytes } = play;
  return { maxPlayers, cors, waitMs, startTimeoutMs, stallTimeoutMs, maxLagBytes };
}

/** Where they are served besides the HTTP interface; undefined: nowhere. */
export function flvListenerOptions({ httpFlv, http }: Config): FlvListenerOptions | undefined {
  const { requestTimeoutMs, keepAliveTimeoutMs } = http;
  if (!httpFlv.enabled || httpFlv.listen === 'off') return undefined;
  return { ...parseListen(httpFlv.listen), requestTimeoutMs, keepAliveTimeoutMs };
}

/** The bounds of calls that programs answer. */
export function rpcOptions({ rpc }: Config): RpcOptions {
  const { timeoutMs, maxPending, callsPerSecond } = rpc;
  return { timeoutMs, maxPending, callsPerSecond };
}

/** The settings that are limits of the WASM module. */
export function codecLimits({ rtmp, limits }: Config): Partial<CodecLimits> {
  return {
    chunkSizeMin: limits.chunkSizeMin,
    chunkStreams: limits.chunkStreams,
    partialMessages: limits.partialMessages,
    maxControlMessageBytes: limits.maxCommandBytes,
    maxMediaBytesBeforePublish: limits.maxMediaBytesBeforePublish,
    maxMediaBytes: limits.maxMediaBytes,
    reassemblyBytes: limits.reassemblyBytes,
    outChunkSize: rtmp.chunkSize,
    amfDepth: limits.amfDepth,
    amfValues: limits.amfValues,
    amfKeys: limits.amfKeys,
    amfStringBytes: limits.amfStringBytes,
  };
}

/** The folder of recordings and of files that can be played. */
export function mediaRoot({ media, data }: Config): string {
  return media.root === '' ? join(data, 'media') : media.root;
}

/** The settings of recordings. */
export function recordingOptions(config: Config): RecordingOptions {
  const { match, publishTypes, maxBytes, maxMs, quotaBytes, minFreeBytes, maxOpen } = config.recording;
  return {
    ...{ match, publishTypes, maxBytes, maxMs, quotaBytes, minFreeBytes, maxOpen },
    ...{ root: mediaRoot(config), notes: join(config.data, 'recordings') },
  };
}

/** The settings of captures; undefined when they are off. */
export function captureOptions(config: Config, hidesNames: () => boolean): CaptureOptions | undefined {
  return config.capture.dir === '' ? undefined : { ...config.capture, limits: codecLimits(config), hidesNames };
}

/** Whether names of streams may be keys, so that traces and captures show none. */
export function hidesNames({ auth }: Config): boolean {
  return auth.nameIsKey.length > 0;
}

/** The settings of the event layer. */
export function eventsOptions({ cluster, events, nats, data }: Config): EventsOptions {
  const urls = nats.url
    .split(',')
    .map((url) => url.trim())
    .filter((url) => url !== '');
  return {
    dir: join(data, 'events'),
    prefix: events.prefix,
    stream: events.stream,
    plays: events.plays,
    // Of a new publish in a cluster the registry of names decides: cluster.onRegistryDown.
    onBusDown: cluster.enabled ? 'accept' : events.onBusDown,
    maxJournalBytes: events.maxJournalBytes,
    fsync: events.fsync,
    fsyncIntervalMs: events.fsyncIntervalMs,
    replicas: nats.replicas,
    ...(urls.length === 0 ? {} : { nats: natsOptions(nats, urls) }),
  };
}

function natsOptions(nats: Config['nats'], urls: readonly string[]): NatsOptions {
  const given = (text: string): string | undefined => (text === '' ? undefined : text);
  const tls = { ca: given(nats.tls.ca), cert: given(nats.tls.cert), key: given(nats.tls.key) };
  return {
    urls,
    name: 'sluice',
    user: given(nats.user),
    password: given(nats.password),
    token: given(nats.token),
    nkey: given(nats.nkey),
    creds: given(nats.creds),
    ...(Object.values(tls).some((path) => path !== undefined) ? { tls } : {}),
  };
}

/** The settings of the live streams. */
export function liveStreamsOptions({ auth, limits, log, play, publish }: Config): LiveStreamsOptions {
  return {
    eventsPerSecondPerIp: limits.eventsPerSecondPerIp,
    publishesPerSecondPerIp: limits.publishesPerSecondPerIp,
    playsPerSecondPerIp: limits.playsPerSecondPerIp,
    limitLoopback: limits.limitLoopback,
    waitForPublisher: play.waitForPublisher,
    faultLinesPerSecond: log.faultLinesPerSecond,
    resumeWindowMs: publish.resumeWindowMs,
    renewGraceMs: auth.renewGraceMs,
  };
}
