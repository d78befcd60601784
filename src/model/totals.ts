/** What a session carried, in bytes and counts. */
export interface Totals {
  /** The same as `payloadBytes`. */
  readonly bytes: number;
  /** Payload of audio and video messages. Missing in events of older versions. */
  readonly payloadBytes?: number;
  /**
   * Received on the publisher's connection while it published this stream: chunk headers and commands included. Missing
   * as above.
   */
  readonly wireBytes?: number;
  /** Of the duration: how long the session was held without a connection. Missing as above. */
  readonly heldMs?: number;
  readonly audioFrames: number;
  readonly videoFrames: number;
  readonly drops: number;
  /** How often the publisher's timestamps jumped and were moved; missing when they never did. */
  readonly timestampJumps?: number;
}
