import { addSegment, record } from './batch';
import { CS_TYPE } from './chunk-stream';
import { OUT_HIGH, OUT_LIMIT, OUT_POS, SEGMENT_START } from './constants';
import { copyBytes, copyMessage } from './copy';
import { writeHeader } from './framer';
import { get, set } from './header';

/**
 * Returns where the chunk after a message is, or 0 when its chunks do not follow each other directly before `limit`.
 */
function findEnd(from: u32, limit: u32, len: u32, chunkSize: u32, more: u32): u32 {
  let p = from;
  let todo = len;
  while (true) {
    const n = min<u32>(todo, chunkSize);
    p += n;
    if (p > limit) return 0;
    todo -= n;
    if (todo === 0) return p;
    if (p >= limit || (load<u8>(p) as u32) !== more) return 0;
    p++;
  }
}

/**
 * Frames a media message whose chunks all lie in the input, one after the other behind plain fmt 3 bytes `more`,
 * without any chunk stream state. Pieces of `stay` bytes and more stay where they are and become segments; shorter ones
 * are copied to `out`. Returns where the next chunk header is, with OUT_POS and SEGMENT_START set; or 0, and then
 * nothing has changed.
 */
export function frameWholeMessage(
  cs: u32,
  ts: u64,
  len: u32,
  header: u32,
  out: u32,
  segment: u32,
  from: u32,
  limit: u32,
  chunkSize: u32,
  more: u32,
  stay: u32,
): u32 {
  const type = load<u32>(cs, CS_TYPE);
  writeHeader(out, type, ts as u32, len);
  if (chunkSize < stay) {
    const next = copyMessage(out + header, from, limit, len, chunkSize, more);
    if (next === 0) {
      // Bytes that were copied in vain are not part of the batch, but wipe() has to know how far they reach.
      if (get(OUT_LIMIT) === 0 && out + header + len > get(OUT_HIGH)) set(OUT_HIGH, out + header + len);
      return 0;
    }
    record(cs, ts, len, out + header, header + len);
    set(OUT_POS, out + header + len);
    set(SEGMENT_START, segment);
    return next;
  }
  const next = findEnd(from, limit, len, chunkSize, more);
  if (next === 0) return 0;
  record(cs, ts, len, from, header + len);
  let end = out + header;
  let start = segment;
  let p = from;
  let todo = len;
  while (todo !== 0) {
    const n = min<u32>(todo, chunkSize);
    if (n >= stay) {
      addSegment(start, end - start);
      addSegment(p, n);
      start = end;
    } else {
      copyBytes(end, p, n);
      end += n;
    }
    p += n + 1;
    todo -= n;
  }
  set(OUT_POS, end);
  set(SEGMENT_START, start);
  return next;
}
