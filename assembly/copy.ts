// From this size on the memmove of the engine is faster, although it costs a call out of the module.
const INLINE_BYTES: u32 = 2048;

/**
 * Copies n bytes between regions that do not overlap. Up to 256 bytes are copied in whole 64-byte steps, which may
 * write up to 63 bytes past the end: every destination keeps COPY_SLACK free. The function is small enough for the
 * compiler to inline it.
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
 * `limit`. Returns where the next chunk header is, or 0 when the chunks do not lie like that: then nothing counts as
 * read.
 */
export function copyMessage(to: u32, from: u32, limit: u32, len: u32, chunkSize: u32, more: u32): u32 {
  let todo = len;
  while (true) {
    const n = min<u32>(todo, chunkSize);
    const end = from + n;
    if (end > limit) return 0;
    if (n > INLINE_BYTES) {
      memory.copy(to, from, n);
    } else {
      let at = to;
      // All loads come before the stores: the engine cannot know that the ranges do not overlap.
      while (from + 128 <= end) {
        const a = v128.load(from);
        const b = v128.load(from, 16);
        const c = v128.load(from, 32);
        const d = v128.load(from, 48);
        const e = v128.load(from, 64);
        const f = v128.load(from, 80);
        const g = v128.load(from, 96);
        const h = v128.load(from, 112);
        v128.store(at, a);
        v128.store(at, b, 16);
        v128.store(at, c, 32);
        v128.store(at, d, 48);
        v128.store(at, e, 64);
        v128.store(at, f, 80);
        v128.store(at, g, 96);
        v128.store(at, h, 112);
        from += 128;
        at += 128;
      }
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
