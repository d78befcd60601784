import * as C from './constants';
import { get, set } from './header';

/** Takes INPUT[start,end) in behind the incomplete header that the last read left. Returns 0 or an error code. */
export function takeInput(start: u32, end: u32): i32 {
  if (get(C.READ_POS) < get(C.READ_END) || get(C.AGGREGATE) !== 0) return C.ERR_CHUNK_INPUT_PENDING;
  if (end > (C.INPUT_BYTES as u32)) return C.ERR_CHUNK_INPUT_RANGE;
  const stashed = get(C.STASH_LENGTH);
  const pos: u32 = C.INPUT + start - stashed;
  if (stashed !== 0) {
    memory.copy(pos, C.STASH, stashed);
    set(C.STASH_LENGTH, 0);
  }
  set(C.READ_POS, pos);
  set(C.READ_END, C.INPUT + end);
  if (end > get(C.INPUT_HIGH)) set(C.INPUT_HIGH, end);
  store<u64>(C.HEADER + (C.BYTES_IN << 2), load<u64>(C.HEADER + (C.BYTES_IN << 2)) + (end - start));
  return 0;
}

/** Keeps an incomplete chunk header for the next read. */
export function stash(pos: u32, limit: u32): void {
  memory.copy(C.STASH, pos, limit - pos);
  set(C.STASH_LENGTH, limit - pos);
}
