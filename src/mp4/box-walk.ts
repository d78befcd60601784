/** Where a box is in the bytes that hold it. */
export interface BoxPlace {
  /** Four characters. */
  readonly type: string;
  /** Position of its header. */
  readonly start: number;
  /** Position behind its header. */
  readonly body: number;
  /** Position behind the box. */
  readonly end: number;
}

/** Bytes of the longest box header that is looked at: size, type and a 64-bit size. */
export const BOX_HEADER_BYTES = 16;

/**
 * Reads the header of a box (ISO/IEC 14496-12 §4.2).
 *
 * @param at of the header in `bytes`
 * @param limit position behind the last byte that the box may have: a box of size 0 ends there
 * @returns undefined when the header is cut, or the box would go past `limit`
 */
export function boxAt(bytes: Buffer, at: number, limit: number): BoxPlace | undefined {
  if (at + 8 > bytes.length || at + 8 > limit) return undefined;
  const type = bytes.toString('latin1', at + 4, at + 8);
  let size = bytes.readUInt32BE(at);
  let body = at + 8;
  if (size === 1) {
    if (at + 16 > bytes.length) return undefined;
    size = bytes.readUInt32BE(at + 8) * 2 ** 32 + bytes.readUInt32BE(at + 12);
    body = at + 16;
  } else if (size === 0) size = limit - at;
  const end = at + size;
  return end < body || end > limit ? undefined : { type, start: at, body, end };
}

/** The boxes in `bytes[from, to)`, in order, up to the first one that does not fit. */
export function* boxesIn(bytes: Buffer, from: number, to: number): Generator<BoxPlace> {
  for (let at = from; at < to; ) {
    const box = boxAt(bytes, at, to);
    if (box === undefined) return;
    yield box;
    at = box.end;
  }
}

/** The first box of a path such as `mdia`, `minf`, `stbl`; undefined when there is none. */
export function findBox(bytes: Buffer, within: BoxPlace, ...path: readonly string[]): BoxPlace | undefined {
  let place: BoxPlace | undefined = within;
  for (const type of path) {
    const parent: BoxPlace = place;
    place = undefined;
    for (const box of boxesIn(bytes, parent.body, parent.end)) {
      if (box.type !== type) continue;
      place = box;
      break;
    }
    if (place === undefined) return undefined;
  }
  return place;
}
