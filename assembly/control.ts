import { freeChain } from './blocks';
import { CS_HEAD, CS_KNOWN, CS_LEN, CS_REMAINING, CS_TAIL, findLargeChunkStream } from './chunk-stream';
import {
  CS_SHIFT,
  CS_TABLE,
  ERR_CHUNK_SIZE_INVALID,
  ERR_CHUNK_SIZE_TOO_SMALL,
  IN_CHUNK_SIZE,
  LIMIT_CHUNK_SIZE_MIN,
  OPEN_CS,
  PARTIALS,
  REASSEMBLY,
} from './constants';
import { get, set } from './header';

/** Applies Set Chunk Size (1) or Abort (2). A payload under 4 bytes is ignored. Returns 0 or an error code. */
export function applyControl(type: u32, ptr: u32, len: u32): i32 {
  if (len < 4) return 0;
  const value = bswap<u32>(load<u32>(ptr));
  if (type === 2) {
    abortMessage(value);
    return 0;
  }
  // RTMP 1.0 §5.4.1: 1 to 7FFFFFFF; no message is longer than FFFFFF, so more acts the same.
  if (value === 0 || value > 0x7fffffff) return ERR_CHUNK_SIZE_INVALID;
  if (value < get(LIMIT_CHUNK_SIZE_MIN)) return ERR_CHUNK_SIZE_TOO_SMALL;
  set(IN_CHUNK_SIZE, min<u32>(value, 0xffffff));
  return 0;
}

/** Drops the unfinished message of a chunk stream (RTMP 1.0 §5.4.2); what later headers inherit stays. */
function abortMessage(csid: u32): void {
  if (csid < 2 || csid > 65599) return;
  const cs: u32 = csid < 64 ? CS_TABLE + (csid << CS_SHIFT) : findLargeChunkStream(csid);
  if (load<u32>(cs, CS_KNOWN) === 0) return;
  const remaining = load<u32>(cs, CS_REMAINING);
  if (remaining === 0) return;
  const head = load<u32>(cs, CS_HEAD);
  if (head !== 0) freeChain(head, load<u32>(cs, CS_TAIL));
  if (get(OPEN_CS) === cs) set(OPEN_CS, 0);
  store<u32>(cs, 0, CS_HEAD);
  store<u32>(cs, 0, CS_REMAINING);
  const held = load<u32>(cs, CS_LEN) - remaining;
  set(PARTIALS, get(PARTIALS) - 1);
  set(REASSEMBLY, get(REASSEMBLY) - held);
}
