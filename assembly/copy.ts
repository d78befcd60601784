/**
 * Copies n bytes between regions that do not overlap. Up to 256 bytes in whole 64-byte steps (may write up to 63 bytes
 * past the end: every destination keeps COPY_SLACK), because memory.copy leaves the module and costs a call.
 */
export function copyBytes(to: u32, from: u32, n: u32): void {
  if (n > 256) {
    memory.copy(to, from, n);
    return;
  }
  const end = from + n;
  while (from < end) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
    from += 64;
    to += 64;
  }
}

/**
 * Copies the payload of a message whose chunks follow each other directly behind plain fmt 3 bytes `more`, all before
 * `limit`. Returns where the next chunk header is, or 0 when the chunks are not like that: then nothing counts as read.
 */
export function copyMessage(to: u32, from: u32, limit: u32, len: u32, chunkSize: u32, more: u32): u32 {
  let todo = len;
  while (true) {
    const n = min<u32>(todo, chunkSize);
    const end = from + n;
    if (end > limit) return 0;
    if (n > 256) {
      memory.copy(to, from, n);
    } else {
      let at = to;
      while (from < end) {
        v128.store(at, v128.load(from));
        v128.store(at, v128.load(from, 16), 16);
        v128.store(at, v128.load(from, 32), 32);
        v128.store(at, v128.load(from, 48), 48);
        from += 64;
        at += 64;
      }
    }
    to += n;
    todo -= n;
    if (todo === 0) return end;
    if (end >= limit || (load<u8>(end) as u32) !== more) return 0;
    from = end + 1;
  }
}
