import { hasBlock } from './blocks';
import {
  CS_FRAMED,
  CS_HEAD,
  CS_ID,
  CS_MARKS,
  CS_MSID,
  CS_RUN,
  CS_SINK,
  CS_TS,
  CS_TYPE,
  SINK_CONTROL_BLOCK,
  SINK_DISCARD,
  SINK_MEDIA_BLOCKS,
} from './chunk-stream';
import * as C from './constants';
import { placeOpen } from './frame-in-place';
import { get, set } from './header';
import {
  RUNNING,
  remember,
  selectTimeline,
  settleTimestamp,
  TL_FLOOR,
  TL_MSID,
  TL_OFFSET,
  TL_SPAN,
  TL_STATE,
} from './timeline';

// Message types the host sees: 3 to 6, 15 to 20.
const SURFACED: u32 = 0x1f8078;
/** A message of FLV tags: it is taken apart. */
export const AGGREGATE: u32 = 22;

/** Whether the host sees messages of this type; 1, 2, 8, 9 and 22 are handled inside. */
export function isSurfaced(type: u32): bool {
  return type <= 20 && ((1 << type) & SURFACED) !== 0;
}

/** The 64-bit time nearest to `base` whose low 32 bits are `raw` (serial arithmetic); never negative. */
export function unwrap(base: u64, raw: u32): u64 {
  const ts: i64 = (base as i64) + ((raw - (base as u32)) as i32 as i64);
  return (ts < 0 ? ts + 0x100000000 : ts) as u64;
}

/**
 * Returns the timestamp of a media message that begins, as players get it, and keeps the peer's own for chunk streams
 * that are still to come.
 */
export function outgoing(cs: u32, ts: u64): u64 {
  store<u64>(C.HEADER + (C.LAST_MEDIA_TS << 2), ts);
  set(C.MEDIA_SEEN, 1);
  store<u32>(cs, 0, CS_MARKS);
  set(C.LAST_BEGUN, cs);
  const msid = load<u32>(cs, CS_MSID);
  let timeline = get(C.TIMELINE);
  if (timeline === 0 || load<u32>(timeline, TL_MSID) !== msid) timeline = selectTimeline(msid);
  if (timeline === C.TIMELINES) return ts;
  remember(timeline);
  const kind = timeline + ((load<u32>(cs, CS_TYPE) & 1) << 4);
  const moved: u64 = ts + load<u64>(kind, TL_OFFSET);
  const floor = load<i64>(kind, TL_FLOOR);
  const follows = moved - (floor as u64) <= TL_SPAN && (moved as i64) >= 0;
  if (!follows || load<u32>(timeline, TL_STATE) !== RUNNING) return settleTimestamp(timeline, kind, ts, cs + CS_MARKS);
  store<i64>(kind, max<i64>(floor, (moved as i64) - C.TS_BACK_MS), TL_FLOOR);
  return moved;
}

/** Hands a non-media message to the host. */
export function surface(cs: u32, ptr: u32, len: u32): void {
  set(C.MESSAGE_TYPE, load<u32>(cs, CS_TYPE));
  set(C.MESSAGE_TIMESTAMP, load<u64>(cs, CS_TS) as u32);
  set(C.MESSAGE_STREAM_ID, load<u32>(cs, CS_MSID));
  set(C.MESSAGE_CHUNK_STREAM_ID, load<u32>(cs, CS_ID));
  set(C.MESSAGE_PTR, ptr);
  set(C.MESSAGE_LENGTH, len);
}

/**
 * Chooses where an unfinished message will be gathered. `whole`: all of it is in the input; `wait`: it is for a later
 * batch. Sets NEEDED_BYTES when it belongs where the host has aimed and there is no room.
 */
export function openMessage(cs: u32, type: u32, whole: bool, wait: bool, out: u32): void {
  store<u32>(cs, 0, CS_HEAD);
  store<u32>(cs, 0, CS_RUN);
  let sink = SINK_CONTROL_BLOCK;
  if ((type & ~1) === 8) {
    sink = SINK_MEDIA_BLOCKS;
    const framed = load<u32>(cs, CS_FRAMED);
    const limit = get(C.OUT_LIMIT);
    if (limit !== 0) {
      if (!wait && get(C.OPEN_CS) === 0) {
        if (out + framed <= limit) {
          placeOpen(cs, out);
          return;
        }
        if (framed <= (C.IN_PLACE_MAX_BYTES as u32)) {
          set(C.NEEDED_BYTES, framed);
          set(C.UNPLACED_CS, cs);
        }
      }
    } else if (whole && !wait && framed <= (C.BLOCK_DATA as u32) && hasBlock()) {
      placeOpen(cs, out);
      return;
    }
  } else if (type !== 1 && type !== 2 && type !== AGGREGATE && !isSurfaced(type)) {
    sink = SINK_DISCARD;
    store<u32>(cs, 0xffffffff, CS_RUN);
  }
  store<u32>(cs, sink, CS_SINK);
}
