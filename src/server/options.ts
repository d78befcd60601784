import { parseListen } from '../config/listen.js';
import type { Config } from '../config/table.js';
import type { HubOptions } from '../hub/hub.js';
import type { ListenerOptions } from '../transport/rtmp-listener.js';
import type { CodecLimits } from '../wasm/limits.js';

/** The part of the configuration that the hub takes. */
export function hubOptions({ rtmp, hub, fanout, play }: Config): HubOptions {
  return {
    chunkSize: rtmp.chunkSize,
    gopMaxBytes: hub.gopMaxBytes,
    gopMaxMessages: hub.gopMaxMessages,
    gopMaxMs: hub.gopMaxMs,
    maxLagMs: play.maxLagMs,
    lingerMs: play.lingerMs,
    maxDelayMs: fanout.maxDelayMs,
    playersAtMaxDelay: fanout.playersAtMaxDelay,
  };
}

/** The part of the configuration that listener and connections take. */
export function listenerOptions({ rtmp, limits, publish, play }: Config): ListenerOptions {
  const { host, port } = parseListen(rtmp.listen);
  return {
    host,
    port,
    maxConnections: limits.maxConnections,
    maxConnectionsPerIp: limits.maxConnectionsPerIp,
    chunkSize: rtmp.chunkSize,
    windowAckBytes: rtmp.windowAckBytes,
    pingIntervalMs: rtmp.pingIntervalMs,
    firstBytesTimeoutMs: limits.firstBytesTimeoutMs,
    handshakeTimeoutMs: limits.handshakeTimeoutMs,
    connectTimeoutMs: limits.connectTimeoutMs,
    preAuthBytes: limits.preAuthBytes,
    maxNetStreams: limits.maxNetStreams,
    commandsPerSecond: limits.commandsPerSecond,
    firstFrameTimeoutMs: publish.firstFrameTimeoutMs,
    idleTimeoutMs: publish.idleTimeoutMs,
    stallTimeoutMs: play.stallTimeoutMs,
    inboundBytesPerSecond: play.inboundBytesPerSecond,
  };
}

/** The part of the configuration that the WASM module's limits are. */
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
