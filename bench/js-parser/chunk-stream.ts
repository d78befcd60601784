/** Where a message under assembly lies. */
export const PLACE_TAIL = 0;
/** @see PLACE_TAIL */
export const PLACE_SIDE = 1;

/** Bytes of the message header by fmt (RTMP 1.0 §5.3.1.2). */
export const HEADER_BYTES = [11, 7, 3, 0] as const;

const EMPTY = new Uint8Array(0);

/**
 * Receive state of one chunk stream id (RTMP 1.0 §5.3.1). Every number field stays a small integer (timestamps are kept
 * as int32), so that V8 never boxes one.
 */
export class ChunkStream {
  readonly csid: number;
  /** The 24-bit field of the last header was FFFFFF. */
  extended = false;
  /** Timestamp or delta as last read from the wire. */
  raw = 0;
  delta = 0;
  /** Low 32 bits of the absolute timestamp, as int32. */
  timestamp = 0;
  /** High word of the 64-bit unwrapped timestamp. */
  high = 0;
  started = false;
  /** The timestamp of the media message under assembly as players get it, as `timestamp` and `high`. */
  outTimestamp = 0;
  outHigh = 0;
  /** Record flags known when the message begins. */
  marks = 0;
  length = 0;
  type = 0;
  messageStreamId = 0;
  /** Payload bytes received of the message under assembly; -1 when there is none. */
  got = -1;

  place = PLACE_TAIL;
  /** First byte of the framed message: index in the arena (tail) or in `side`. */
  first = 0;
  /** Where the next payload byte goes. */
  write = 0;
  /** Payload bytes left before the next fmt 3 header of the outgoing framing. */
  outLeft = 0;
  /** Own buffer for messages that cannot lie at the arena's tail; grows with what has arrived. */
  side: Uint8Array = EMPTY;

  constructor(csid: number) {
    this.csid = csid;
  }

  /**
   * Gives `side` room for `bytes`, keeping what was written. Grows by doubling from what has arrived, never from a
   * declared length.
   */
  reserve(bytes: number): void {
    if (this.side.length >= bytes) return;
    const larger = new Uint8Array(Math.max(bytes, this.side.length * 2, 4096));
    larger.set(this.side.subarray(0, this.write));
    this.side = larger;
  }

  /** Drops a large side buffer once its message is done. */
  trim(): void {
    if (this.side.length > 1 << 20) this.side = EMPTY;
  }
}

/** Whether a fmt 0 or 1 message header at `at` is all there, with its extended timestamp. */
export function isWhole(u8: Uint8Array, at: number, end: number, fmt: number): boolean {
  const after = at + HEADER_BYTES[fmt];
  if (after > end) return false;
  return after + 4 <= end || u8[at] !== 0xff || u8[at + 1] !== 0xff || u8[at + 2] !== 0xff;
}
