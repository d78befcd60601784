/** Bytes of a file. */
interface ByteRange {
  readonly from: number;
  /** Of the last byte. */
  readonly to: number;
}

/**
 * What a `Range` header asks for (RFC 9110, 14.2).
 *
 * @param bytes of the whole file
 * @returns `whole`: it asks for no single range of bytes, and is passed over; `none`: no byte of the file is in it
 */
export function rangeOf(header: string | undefined, bytes: number): ByteRange | 'whole' | 'none' {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return 'whole';
  if (first === '') {
    const from = Math.max(0, bytes - Number(last));
    return from < bytes ? { from, to: bytes - 1 } : 'none';
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return 'whole';
  return from < bytes ? { from, to: last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1) } : 'none';
}
