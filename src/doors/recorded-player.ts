/** What is played of a file, and how it is sent. */
export interface RecordedRequest {
  /** Id of the play. */
  readonly id: string;
  /** Path below `media.root`. */
  readonly file: string;
  /** Where to begin, in ms; below 0: at the beginning. */
  readonly startMs: number;
  /** How much of it, in ms; below 0: all. */
  readonly durationMs: number;
  readonly messageStreamId: number;
  /** Bytes of a chunk that the client was told. */
  readonly chunkSize: number;
}

/** What a play of a file has been, for `NetStream.Play.Complete`. */
export interface PlayedTotals {
  readonly durationMs: number;
  readonly bytes: number;
}

/** The place to which the bytes of a recorded play go: an RTMP connection, or a recorder in tests. It never throws. */
export interface RecordedSink {
  /**
   * Whether so many bytes of any play are unsent that nothing may be added; {@link RecordedPlayer.unclogged} follows.
   */
  readonly clogged: boolean;
  /**
   * Sends bytes, which do not change any more. Returns false when some are still being sent: then {@link
   * RecordedPlayer.drained} is called once they have gone.
   */
  write(bytes: Buffer): boolean;
  /** Everything has been sent. Nothing follows. */
  complete(totals: PlayedTotals): void;
  /** It cannot go on. Nothing follows. */
  failed(error: unknown): void;
}

/** A play of a recorded file: one client with its own position. Nothing of it throws. */
export interface RecordedPlayer {
  readonly id: string;
  readonly bytesSent: number;
  /** Whole keyframe skips: none, because a file waits for its player. */
  readonly skips: number;
  setPaused(paused: boolean): void;
  /** `receiveAudio`, `receiveVideo`: leaves a kind out or includes it again. */
  setReceive(kinds: { readonly audio?: boolean; readonly video?: boolean }): void;
  /** How many ms of media the client wants to have in advance (SetBufferLength). */
  setBuffer(ms: number): void;
  /** Goes on from the last keyframe at or before a time, in ms. */
  seek(ms: number): void;
  /** The sink has sent all of the last write. */
  drained(): void;
  /** The connection has sent some of what waited. */
  unclogged(): void;
  /** Ends it: nothing more is sent. */
  close(): void;
}

/** Plays recorded files. */
export interface RecordedPlayers {
  /** Begins a play. The file may be opened only now; when that fails the sink is told. */
  play(request: RecordedRequest, sink: RecordedSink): RecordedPlayer;
}
