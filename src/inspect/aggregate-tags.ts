/** One message in an aggregate: an FLV tag. */
interface AggregateTag {
  readonly type: number;
  /** Since the tag before it, or the first of all, in ms; a difference of 32-bit times. */
  readonly delta: number;
  /** Where its body is in the payload: `[at, end)`. */
  readonly at: number;
  readonly end: number;
}

const TAG_HEADER_BYTES = 11;
const BACK_POINTER_BYTES = 4;
/** Types that the server takes out of an aggregate: audio, video, data in AMF3 and in AMF0. */
const TAKEN: ReadonlySet<number> = new Set([8, 9, 15, 18]);

/** The messages that the server takes out of an aggregate (type 22), up to a tag that is cut off. */
export function aggregateTags(payload: Buffer): AggregateTag[] {
  const tags: AggregateTag[] = [];
  let before: number | undefined;
  for (let at = 0; at + TAG_HEADER_BYTES <= payload.length; ) {
    const body = at + TAG_HEADER_BYTES;
    const end = body + payload.readUIntBE(at + 1, 3);
    if (end > payload.length) break;
    const time = (payload.readUIntBE(at + 4, 3) | (payload[at + 7]! << 24)) >>> 0;
    before ??= time;
    const type = payload[at]!;
    if (TAKEN.has(type)) {
      tags.push({ type, delta: (time - before) | 0, at: body, end });
      before = time;
    }
    at = end + BACK_POINTER_BYTES;
  }
  return tags;
}

/** The time of the last audio or video in an aggregate of this time; undefined when there is none. */
export function lastMediaIn(payload: Buffer, timestamp: number): number | undefined {
  let time = timestamp;
  let last: number | undefined;
  for (const { type, delta } of aggregateTags(payload)) {
    time = add(time, delta >>> 0);
    if (type === 8 || type === 9) last = time;
  }
  return last;
}

/** A time moved by a delta of 32 bits, which may stand for a negative number. */
export function add(timestamp: number, delta: number): number {
  const time = timestamp + (delta | 0);
  return time < 0 ? time + 2 ** 32 : time;
}
