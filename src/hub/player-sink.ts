/** The place to which a player's bytes go: an RTMP connection, or a recorder in tests. */
export interface PlayerSink {
  /**
   * Whether the connection has so many unsent bytes, of any play, that nothing may be added. {@link Player.unclogged}
   * is called when some of them are sent.
   */
  readonly clogged: boolean;
  /**
   * Sends `bytes`, immutable and shared. Returns true when all of them were taken; false when some are still being
   * sent: then {@link Player.drained} must be called, once, when they have gone.
   */
  write(bytes: Buffer): boolean;
  /** A publisher came for a player that waited for one. */
  publisherCame(): void;
  /** The publisher is gone for good; nothing more will come. */
  publisherGone(): void;
  /** The write under way holds memory that is needed: the connection has to be closed. */
  evicted(): void;
  /** The player failed by a defect and gets nothing more: its client has to be disconnected. Must not throw. */
  failed(error: unknown): void;
}

/** Bounds on how far a player may fall behind. */
export interface PlayerLimits {
  readonly maxLagBytes: number;
}

/** What a player is sent: RTMP messages in chunks, or the same messages as a live FLV file. */
export type PlayFormat = 'rtmp' | 'flv';
