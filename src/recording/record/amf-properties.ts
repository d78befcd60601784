/** Deepest nesting of values that is followed; encoders' metadata has two. */
const MAX_DEPTH = 16;
const NUMBER = 0;
const BOOLEAN = 1;
const STRING = 2;
const OBJECT = 3;
const NULL = 5;
const UNDEFINED = 6;
const REFERENCE = 7;
const ECMA_ARRAY = 8;
const OBJECT_END = 9;
const STRICT_ARRAY = 10;
const DATE = 11;
const LONG_STRING = 12;
const FIXED: Readonly<Record<number, number>> = {
  [NUMBER]: 8,
  [BOOLEAN]: 1,
  [NULL]: 0,
  [UNDEFINED]: 0,
  [REFERENCE]: 2,
  [DATE]: 10,
};

/** One property of an AMF0 object: its name, and its bytes, name and value together. */
export interface AmfProperty {
  readonly name: string;
  /** A view. */
  readonly bytes: Buffer;
  /** Where the marker of the value stands in `bytes`. */
  readonly valueAt: number;
}

/**
 * The properties of `onMetaData` in a script tag or a data message (AMF 0 §2.5, §2.10), without decoding their values.
 *
 * @param body borrowed; the properties are views of it
 * @returns undefined when the body is no `onMetaData` with an object or ECMA array that can be followed to its end
 */
export function metadataProperties(body: Buffer): AmfProperty[] | undefined {
  if (!isMetadata(body)) return undefined;
  const marker = body[METADATA.length];
  if (marker !== OBJECT && marker !== ECMA_ARRAY) return undefined;
  const found: AmfProperty[] = [];
  const end = members(body, METADATA.length + (marker === OBJECT ? 1 : 5), 0, (property) => found.push(property));
  return end < 0 ? undefined : found;
}

/** The string `onMetaData` in AMF0. */
export const METADATA: Buffer = Buffer.from('\u0002\u0000\u000aonMetaData', 'latin1');

/** Whether a data message (type 18) begins with `onMetaData`. */
export function isMetadata(body: Buffer): boolean {
  return body.length > METADATA.length && body.compare(METADATA, 0, METADATA.length, 0, METADATA.length) === 0;
}

/** @returns the offset behind the end marker, below 0 when there is none */
function members(bytes: Buffer, from: number, depth: number, take?: (property: AmfProperty) => void): number {
  for (let at = from; at + 3 <= bytes.length; ) {
    const length = bytes.readUInt16BE(at);
    const valueAt = at + 2 + length;
    if (length === 0 && bytes[at + 2] === OBJECT_END) return at + 3;
    const end = skip(bytes, valueAt, depth);
    if (end < 0) return -1;
    take?.({ name: bytes.toString('utf8', at + 2, valueAt), bytes: bytes.subarray(at, end), valueAt: valueAt - at });
    at = end;
  }
  return -1;
}

/** @returns the offset behind the value, below 0 when it is none or is cut */
function skip(bytes: Buffer, at: number, depth: number): number {
  const marker = bytes[at];
  if (marker === undefined || depth > MAX_DEPTH) return -1;
  let end = at + 1;
  const fixed = FIXED[marker];
  if (fixed !== undefined) end += fixed;
  else if (marker === STRING) end = end + 2 > bytes.length ? -1 : end + 2 + bytes.readUInt16BE(end);
  else if (marker === LONG_STRING) end = end + 4 > bytes.length ? -1 : end + 4 + bytes.readUInt32BE(end);
  else if (marker === OBJECT) end = members(bytes, end, depth + 1);
  else if (marker === ECMA_ARRAY) end = members(bytes, end + 4, depth + 1);
  else if (marker === STRICT_ARRAY) end = items(bytes, end, depth + 1);
  else return -1;
  return end > bytes.length ? -1 : end;
}

function items(bytes: Buffer, at: number, depth: number): number {
  if (at + 4 > bytes.length) return -1;
  let end = at + 4;
  // The count is a claim: each item takes a byte at least, so that the bytes bound the loop.
  for (let left = bytes.readUInt32BE(at); left > 0 && end >= 0; left--) end = skip(bytes, end, depth);
  return end;
}
