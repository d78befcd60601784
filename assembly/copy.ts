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
