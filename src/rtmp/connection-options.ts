import type { Logger } from '../core/log.js';
import type { Door } from '../doors/door.js';
import type { RecordedPlayers } from '../doors/recorded-player.js';
import type { Refusal } from '../live/access.js';
import type { SessionOptions } from '../protocol/server/session-options.js';
import type { SharedObjects } from '../shared-objects/shared-objects.js';
import type { ChunkCodec } from '../wasm/chunk-codec.js';
import type { CapturedConnection } from './captures.js';
import type { LoopShare } from './input-turn.js';
import type { ReadPacer } from './read-pacing.js';

/** Bounds and times of one connection. Every number is a setting. */
export interface ConnectionOptions {
  readonly chunkSize: number;
  readonly windowAckBytes: number;
  readonly pingIntervalMs: number;
  readonly firstBytesTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly idleMs: number;
  readonly preAuthBytes: number;
  readonly maxNetStreams: number;
  readonly commandsPerSecond: number;
  readonly firstFrameTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly stallTimeoutMs: number;
  /** Unsent bytes past which no media is written to a connection, whatever plays on it. */
  readonly maxLagBytes: number;
  readonly inboundBytesPerSecond: number;
  /** `play.aggregate`; default false. */
  readonly aggregate?: boolean;
  /** Whether encrypted connections (RTMPE) are served. */
  readonly encrypted?: boolean;
  /** Apps whose clients may call methods that programs answer. */
  readonly callApps: readonly string[];
  /** False reads through `data` events and a copy; for tests of that path. */
  readonly directReads?: boolean;
}

/** The options of a session. Times are on the same monotonic clock. */
export function sessionOptions(options: ConnectionOptions, acceptedMs: number, nowMs: number): SessionOptions {
  return { ...options, maxCommandsPerSecond: options.commandsPerSecond, acceptedMs, nowMs };
}

/** Control bytes that may wait for a peer that does not read them. */
export const MAX_UNREAD_BYTES = 262_144;
/** How long a connection that is being closed may take to read its last messages, in ms. */
export const CLOSE_GRACE_MS = 1000;

/** The parts of a connection. `released` takes the codec back once the socket can no longer read into it. */
export interface ConnectionParts {
  readonly connectionId: string;
  /** When its socket was accepted; monotonic. */
  readonly acceptedMs: number;
  readonly codec: ChunkCodec;
  /** The way to streams. */
  readonly door: Door;
  /** Plays files; undefined: there are none. */
  readonly recorded?: RecordedPlayers | undefined;
  readonly objects: SharedObjects;
  readonly options: ConnectionOptions;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly pacer: ReadPacer;
  /** Bounds what all connections do in one turn of the event loop. */
  readonly share: LoopShare;
  /** At least 1528 random bytes for the handshake; borrowed. */
  readonly entropy: Uint8Array;
  /**
   * Called with whether connect was accepted and nothing runs on the connection, whenever that may have changed. It is
   * not called at its end.
   */
  readonly idle: (isIdle: boolean) => void;
  /** Called once when its client has proved to be another node of the cluster. */
  readonly nodeCame?: () => void;
  /** Keeps its last bytes for a file, when captures are on. */
  readonly capture?: CapturedConnection | undefined;
  readonly released: (codec: ChunkCodec) => void;
}

/** A refusal as the session tells it to the client. */
export function refused<Status>({ status, description, redirectUrl }: Refusal<Status>) {
  return { accept: false, code: status, description, redirectUrl } as const;
}
