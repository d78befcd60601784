import { count, type Members, quantity } from './shape.js';

/** Members of {@link Totals} that are always there. */
export const TOTALS = {
  /** The same as `payloadBytes`. */
  bytes: count,
  audioFrames: count,
  videoFrames: count,
  drops: count,
};

/** Members of {@link Totals} that may be missing: events of older versions do not have them. */
export const LATER_TOTALS = {
  /** How often the publisher's timestamps jumped and were moved; missing when they never did. */
  timestampJumps: count,
  /** Payload of audio and video messages. Missing in events of older versions. */
  payloadBytes: count,
  /**
   * Bytes received on the publisher's connection while it published this stream, chunk headers and commands included.
   * Missing as above.
   */
  wireBytes: count,
  /** How much of the duration the stream was held without a connection, in ms. Missing as above. */
  heldMs: quantity,
};

/** What a stream carried, in bytes and counts. */
export interface Totals extends Members<typeof TOTALS, typeof LATER_TOTALS> {}
