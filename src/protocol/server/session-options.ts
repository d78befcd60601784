/** Settings of a server session. Everything but `nowMs` has a default. */
export interface SessionOptions {
  /** Monotonic milliseconds, the same clock as in every later call. */
  readonly nowMs: number;
  /** Bytes for Window Acknowledgement Size and Set Peer Bandwidth. Under 2.5 MB librtmp acknowledges every few KB. */
  readonly windowAckBytes?: number;
  /**
   * Bytes per chunk that the server announces and writes. It is sent once, because OBS reads no control message once it
   * publishes.
   */
  readonly chunkSize?: number;
  /** NetStreams that a connection may hold; their ids are 1 … this. */
  readonly maxNetStreams?: number;
  /** Commands and user control messages a second; also the burst. */
  readonly maxCommandsPerSecond?: number;
  /** When the connection was accepted, on the clock of `nowMs`; `nowMs` when absent. */
  readonly acceptedMs?: number;
  /** From `acceptedMs` until connect is accepted. */
  readonly connectTimeoutMs?: number;
  /**
   * How long a connection may neither publish nor play, from the time connect was accepted, or the last publish or play
   * ended.
   */
  readonly idleMs?: number;
  /** Silence after which the server pings, in ms; 0 for never. */
  readonly pingIntervalMs?: number;
  /** Silence after a ping after which the connection is closed, in ms. */
  readonly pingTimeoutMs?: number;
  /** UTF-8 bytes of a stream name without its query. */
  readonly maxNameBytes?: number;
  /** UTF-8 bytes of an app without its query. */
  readonly maxAppBytes?: number;
  /** UTF-8 bytes of the query of an app or name. */
  readonly maxQueryBytes?: number;
  /** Apps whose clients may call methods that Sluice does not have; `*` stands for every app. */
  readonly callApps?: readonly string[];
  /** `fmsVer` of the connect reply. */
  readonly fmsVer?: string;
  /** The server's Enhanced RTMP capability bits: 1 reconnect requests, 2 multitrack, 4 ModEx, 8 nanosecond offsets. */
  readonly capsEx?: number;
}

/** {@link SessionOptions} with every default filled in. */
export type SessionSettings = Required<SessionOptions>;

/** Fills in the defaults. */
export function sessionSettings(options: SessionOptions): SessionSettings {
  return {
    nowMs: options.nowMs,
    windowAckBytes: options.windowAckBytes ?? 2_500_000,
    chunkSize: options.chunkSize ?? 60_000,
    maxNetStreams: options.maxNetStreams ?? 8,
    maxCommandsPerSecond: options.maxCommandsPerSecond ?? 100,
    acceptedMs: options.acceptedMs ?? options.nowMs,
    connectTimeoutMs: options.connectTimeoutMs ?? 15_000,
    idleMs: options.idleMs ?? 600_000,
    pingIntervalMs: options.pingIntervalMs ?? 0,
    pingTimeoutMs: options.pingTimeoutMs ?? 30_000,
    maxNameBytes: options.maxNameBytes ?? 256,
    maxAppBytes: options.maxAppBytes ?? 1024,
    maxQueryBytes: options.maxQueryBytes ?? 4096,
    callApps: options.callApps ?? [],
    fmsVer: options.fmsVer ?? 'FMS/3,5,0,0',
    capsEx: options.capsEx ?? 15,
  };
}
