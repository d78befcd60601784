import { record } from './batch';
import { allocBlock, BLOCK_END, BLOCK_NEXT, freeChain } from './blocks';
import {
  CS_AFTER,
  CS_DEST,
  CS_FRAMED,
  CS_HEAD,
  CS_HEADER_BYTES,
  CS_LEN,
  CS_OUT_TS,
  CS_RUN,
  CS_SINK,
  CS_START,
  CS_TAIL,
  CS_TYPE,
  SINK_MEDIA_BLOCKS,
  SINK_OUT,
} from './chunk-stream';
import * as C from './constants';
import { copyBytes } from './copy';
import { writeHeader } from './framer';
import { get, set } from './header';

/** Gathers the message of `cs` at `out`, behind what is framed. There is room for all of it. */
export function placeOpen(cs: u32, out: u32): void {
  const len = load<u32>(cs, CS_LEN);
  writeHeader(out, load<u32>(cs, CS_TYPE), load<u32>(cs, CS_OUT_TS), len);
  store<u32>(cs, SINK_OUT, CS_SINK);
  store<u32>(cs, out, CS_START);
  store<u32>(cs, out + load<u32>(cs, CS_HEADER_BYTES), CS_DEST);
  store<u32>(cs, min<u32>(len, get(C.OUT_CHUNK_SIZE)), CS_RUN);
  store<u32>(cs, 0, CS_AFTER);
  set(C.OPEN_CS, cs);
}

/**
 * Moves the unfinished message that lies behind what is framed to blocks, because something else goes to its place.
 * Returns false, and every later read() fails, when no block is free; the limits make memory large enough that one is.
 */
export function evictOpen(): bool {
  const cs = get(C.OPEN_CS);
  if (cs === 0) return true;
  set(C.OPEN_CS, 0);
  const end = load<u32>(cs, CS_DEST);
  let from = load<u32>(cs, CS_START);
  if (get(C.OUT_LIMIT) === 0 && end > get(C.OUT_HIGH)) set(C.OUT_HIGH, end);
  store<u32>(cs, SINK_MEDIA_BLOCKS, CS_SINK);
  let last: u32 = 0;
  let n: u32 = 0;
  while (from < end) {
    const block = allocBlock();
    if (block === 0) {
      set(C.FAILED, C.ERR_CHUNK_REASSEMBLY_LIMIT);
      return false;
    }
    if (last === 0) {
      store<u32>(cs, block, CS_HEAD);
      store<u32>(cs, block + C.BLOCK_HEADER, CS_START);
    } else {
      store<u32>(last, block, BLOCK_NEXT);
    }
    store<u32>(cs, block, CS_TAIL);
    n = min<u32>(end - from, C.BLOCK_DATA);
    memory.copy(block + C.BLOCK_HEADER, from, n);
    store<u32>(block, block + C.BLOCK_HEADER + n, BLOCK_END);
    from += n;
    last = block;
  }
  const run = load<u32>(cs, CS_RUN);
  const fits = min<u32>(run, C.BLOCK_DATA - n);
  store<u32>(cs, last + C.BLOCK_HEADER + n, CS_DEST);
  store<u32>(cs, fits, CS_RUN);
  store<u32>(cs, load<u32>(cs, CS_AFTER) + run - fits, CS_AFTER);
  return true;
}

/**
 * Returns whether a complete message can be framed at `out`, where the host has aimed. An unfinished message that lies
 * there is moved.
 */
export function roomFor(cs: u32, out: u32): bool {
  const framed = load<u32>(cs, CS_HEAD) !== 0 ? load<u32>(cs, CS_FRAMED) : load<u32>(cs, CS_HEADER_BYTES);
  return out + framed <= get(C.OUT_LIMIT) && evictOpen();
}

/** Copies a complete message from its blocks to `out` and frees them. Returns the new end of what is framed. */
export function joinChain(cs: u32, out: u32): u32 {
  const tail = load<u32>(cs, CS_TAIL);
  const head = load<u32>(cs, CS_HEAD);
  store<u32>(tail, load<u32>(cs, CS_DEST), BLOCK_END);
  let to = out;
  let block = head;
  while (true) {
    const from: u32 = block + C.BLOCK_HEADER;
    const n = load<u32>(block, BLOCK_END) - from;
    copyBytes(to, from, n);
    to += n;
    if (block === tail) break;
    block = load<u32>(block, BLOCK_NEXT);
  }
  record(cs, load<u64>(cs, CS_OUT_TS), load<u32>(cs, CS_LEN), out + load<u32>(cs, CS_HEADER_BYTES), to - out);
  freeChain(head, tail);
  store<u32>(cs, 0, CS_HEAD);
  return to;
}

/**
 * Frames media from `ptr` on, never at or past `end`; (0, 0) ends that. The host must be done with the last batch. An
 * unfinished message is moved along when there is room for all of it, else to blocks.
 */
export function aim(ptr: u32, end: u32): void {
  // Small copies write past their end, so the last bytes of the region stay free.
  const limit: u32 = end > ptr + C.COPY_SLACK ? end - C.COPY_SLACK : 0;
  const open = get(C.OPEN_CS);
  if (open !== 0) {
    const start = load<u32>(open, CS_START);
    if (limit !== 0 && ptr + load<u32>(open, CS_FRAMED) <= limit) {
      const used = load<u32>(open, CS_DEST) - start;
      if (start !== ptr) memory.copy(ptr, start, used);
      store<u32>(open, ptr, CS_START);
      store<u32>(open, ptr + used, CS_DEST);
    } else {
      evictOpen();
    }
  }
  const unplaced = get(C.UNPLACED_CS);
  set(C.UNPLACED_CS, 0);
  if (unplaced !== 0 && limit !== 0 && get(C.OPEN_CS) === 0 && ptr + load<u32>(unplaced, CS_FRAMED) <= limit) {
    placeOpen(unplaced, ptr);
  }
  set(C.NEEDED_BYTES, 0);
  set(C.OUT_PTR, ptr);
  set(C.OUT_LIMIT, limit);
}
