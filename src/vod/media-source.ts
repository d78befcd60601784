/** One RTMP message of a file, without chunk headers. */
export interface MediaMessage {
  /** 8 audio, 9 video, 18 or 15 data. */
  readonly type: number;
  /** In ms, as the client gets it. */
  readonly timestamp: number;
  /** The payload, in pieces; borrowed until the message was framed. */
  readonly parts: readonly Buffer[];
}

/**
 * A place in a file, behind whole messages: plain numbers that only the source of the file understands. For FLV the
 * position of a tag; for MP4 the numbers of the next video and audio samples.
 */
export type Place = readonly [number, number];

/** Some messages that follow a place. */
export interface Piece {
  readonly messages: readonly MediaMessage[];
  /** Behind them. */
  readonly place: Place;
  /** Timestamp of the message behind them; undefined: there is none. */
  readonly nextMs: number | undefined;
}

/** Where playing begins. */
export interface Beginning {
  readonly place: Place;
  /** The decoder configurations that stand before that place. */
  readonly messages: readonly MediaMessage[];
  /** Timestamp of the message at the place. */
  readonly ms: number;
}

/** The messages of a file. It holds no position, so that all players of the file share it. */
export interface MediaSource {
  /** Metadata (`onMetaData`) with the duration, as the payload of a data message. */
  readonly metadata: Buffer;
  /** Timestamps of the first and the last message of audio or video. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Memory that its index takes, in bytes. */
  readonly heldBytes: number;
  /** Where playing from a time begins: the last keyframe at or before it, or else the beginning of the file. */
  beginAt(ms: number): Beginning;
  /**
   * Reads on from a place: messages up to and including `untilMs`, and about `maxBytes` of them, but one at least where
   * one is due.
   *
   * @returns at once when everything is in the cache; rejects with a SluiceError when the file cannot be read
   */
  read(place: Place, untilMs: number, maxBytes: number): Piece | Promise<Piece>;
}

/** Whether all parts are here at once. */
export function areHere(parts: readonly (Buffer | Promise<Buffer>)[]): parts is readonly Buffer[] {
  return parts.every((part) => !(part instanceof Promise));
}

/** Reads a part of a file through the cache, all of it; throws or rejects when the file ends before. */
export type ReadPart = (position: number, bytes: number) => Buffer | Promise<Buffer>;
