import { CS_LARGE, CS_SHIFT, CS_TABLE, LARGE_CS_COUNT } from './constants';
import { get } from './header';

// One entry of the chunk stream table, 128 bytes. What a type 1, 2 or 3 header inherits (RTMP 1.0 §5.3.1.2) comes
// first, then the unfinished message.
export const CS_ID = 0;
export const CS_KNOWN = 4; // a fmt 0 or fmt 1 header was seen
export const CS_EXT = 8; // the last 24-bit field was FFFFFF
export const CS_RAW = 12; // the last timestamp or delta as sent, 32 bits
export const CS_TS = 16; // u64, unwrapped
export const CS_DELTA = 24;
export const CS_LEN = 28;
export const CS_TYPE = 32;
export const CS_MSID = 36;
export const CS_REMAINING = 40; // 0: no unfinished message
export const CS_SINK = 44;
export const CS_DEST = 48; // where the next payload byte goes
export const CS_RUN = 52; // payload bytes that may be written at CS_DEST before CS_RUN is refilled
export const CS_AFTER = 56; // payload bytes of the same outgoing chunk after CS_RUN
export const CS_HEAD = 60; // first block of the chain, 0: none
export const CS_TAIL = 64;
export const CS_FRAMED = 68; // bytes of the whole framed message
export const CS_START = 72; // first byte of the framed message (first block or out region)
export const CS_OUT_TS = 80; // u64, of this message as players get it
export const CS_MARKS = 88; // record flags that are known when a message begins
export const CS_HEADER_BYTES = 76; // 12, or 16 with an extended timestamp

// Where the bytes of an unfinished message go.
export const SINK_DISCARD: u32 = 0;
export const SINK_OUT: u32 = 1;
export const SINK_MEDIA_BLOCKS: u32 = 2;
export const SINK_CONTROL_BLOCK: u32 = 3;

/**
 * Finds the entry of a chunk stream id of 64 and above, or the entry that it would get. Entry 1 (an id that cannot
 * occur) means that the table is full: it is never marked as known, so the checks of the caller refuse it.
 */
export function findLargeChunkStream(csid: u32): u32 {
  const count = get(LARGE_CS_COUNT);
  let entry: u32 = CS_LARGE;
  const end: u32 = CS_LARGE + (count << CS_SHIFT);
  while (entry < end) {
    if (load<u32>(entry, CS_ID) === csid) return entry;
    entry += 1 << CS_SHIFT;
  }
  return count < 64 ? entry : CS_TABLE + (1 << CS_SHIFT);
}
