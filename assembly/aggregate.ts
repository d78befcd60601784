import { freeChain, releaseLater } from './blocks';
import { CS_ID, CS_TAIL } from './chunk-stream';
import * as C from './constants';
import { get, set } from './header';

// An aggregate (type 22) holds FLV tags (RTMP 1.0 §7.1.6). Each is written anew, in place, as one chunk on the chunk
// stream of the aggregate, and read() reads these bytes in the place of INPUT until they are done. So audio, video and
// data in it take the very same way as those that came alone.
const TAG_HEADER: u32 = 11;
const BACK_POINTER: u32 = 4;
/** Where the entry of the chunk stream is kept meanwhile: in the block of the aggregate, behind the longest message. */
const SAVED: u32 = 66048;
const SAVED_BYTES: u32 = 1 << C.CS_SHIFT;

// States in the header word AGGREGATE.
const OPENED: u32 = 1; // read() leaves first, so that one batch does not get the bytes of two inputs
const INSIDE: u32 = 2;

/** Writes a fmt 1 header (RTMP 1.0 §5.3.1.2.2): at most 14 bytes. Returns the position behind it. */
function writeDelta(to: u32, csid: u32, delta: u32, size: u32, type: u32): u32 {
  let p = to;
  if (csid < 64) {
    store<u8>(p, 0x40 | csid);
    p++;
  } else {
    const wide = csid >= 320;
    store<u8>(p, wide ? 0x41 : 0x40);
    store<u8>(p, csid - 64, 1);
    if (wide) store<u8>(p, (csid - 64) >> 8, 2);
    p += wide ? 3 : 2;
  }
  const extended = delta >= 0xffffff;
  const field: u32 = extended ? 0xffffff : delta;
  store<u8>(p, field >> 16);
  store<u8>(p, field >> 8, 1);
  store<u8>(p, field, 2);
  store<u32>(p, bswap<u32>((size << 8) | type), 3);
  if (extended) store<u32>(p, bswap<u32>(delta), 7);
  return p + (extended ? 11 : 7);
}

/** Whether a tag of this type is taken: audio, video and data. Aggregates in aggregates and all else are left out. */
function isTaken(type: u32): bool {
  return type === 8 || type === 9 || type === 15 || type === 18;
}

/**
 * Writes the tags in `[from, from + len)` anew as chunks of `csid`, from `from` on. A tag that the end cuts off ends
 * it; back pointers are not looked at. The header of a chunk is shorter than that of its tag and the back pointer
 * before it together. The first has no back pointer before it, but its delta is 0 and needs no extended timestamp.
 * Returns the end of the chunks.
 */
function toChunks(csid: u32, from: u32, len: u32): u32 {
  const end = from + len;
  let to = from;
  let tag = from;
  let time: u32 = 0; // of the tag before, as the tags count it
  while (end - tag >= TAG_HEADER) {
    const word = bswap<u32>(load<u32>(tag));
    const stamp = bswap<u32>(load<u32>(tag, 4));
    const type = word >> 24;
    const size = word & 0xffffff;
    const ts = (stamp >> 8) | (stamp << 24);
    const body = tag + TAG_HEADER;
    if (size > end - body) break;
    if (tag === from) time = ts;
    if (isTaken(type)) {
      to = writeDelta(to, csid, ts - time, size, type);
      memory.copy(to, body, size);
      to += size;
      time = ts;
    }
    if (end - body - size < BACK_POINTER) break;
    tag = body + size + BACK_POINTER;
  }
  return to;
}

/**
 * Takes a complete aggregate, which lies in the block `head`, apart. Returns a status; STATUS_MORE when something is in
 * it.
 */
export function openAggregate(cs: u32, head: u32, len: u32): i32 {
  const payload: u32 = head + C.BLOCK_HEADER;
  const end = toChunks(load<u32>(cs, CS_ID), payload, len);
  if (end === payload) {
    freeChain(head, load<u32>(cs, CS_TAIL));
    set(C.DROPPED, get(C.DROPPED) + 1);
    return C.STATUS_NEED_INPUT;
  }
  memory.copy(head + SAVED, cs, SAVED_BYTES);
  set(C.AGGREGATE, OPENED);
  set(C.AGGREGATE_BLOCK, head);
  set(C.AGGREGATE_CS, cs);
  set(C.AGGREGATE_END, end);
  return C.STATUS_MORE;
}

/**
 * Is called when read() leaves while an aggregate is there: goes into it, or comes out of it once it is read.
 *
 * @param status - with which read() leaves. Returns the status for the host
 */
export function turnAggregate(status: i32): i32 {
  const head = get(C.AGGREGATE_BLOCK);
  if (get(C.AGGREGATE) === OPENED) {
    set(C.AGGREGATE, INSIDE);
    set(C.AGGREGATE_READ_POS, get(C.READ_POS));
    set(C.AGGREGATE_READ_END, get(C.READ_END));
    set(C.AGGREGATE_CHUNK_SIZE, get(C.IN_CHUNK_SIZE));
    set(C.READ_POS, head + C.BLOCK_HEADER);
    set(C.READ_END, get(C.AGGREGATE_END));
    set(C.IN_CHUNK_SIZE, 0xffffff);
    return status;
  }
  if (status !== C.STATUS_NEED_INPUT) return status;
  const cs = get(C.AGGREGATE_CS);
  memory.copy(cs, head + SAVED, SAVED_BYTES);
  set(C.AGGREGATE, 0);
  set(C.READ_POS, get(C.AGGREGATE_READ_POS));
  set(C.READ_END, get(C.AGGREGATE_READ_END));
  set(C.IN_CHUNK_SIZE, get(C.AGGREGATE_CHUNK_SIZE));
  releaseLater(head, head);
  return C.STATUS_MORE;
}
