/** AMF0 markers (AMF0 §2.1). */
const NUMBER = 0;
const OBJECT = 3;
const STRING = 2;
const ECMA_ARRAY = 8;
const STRICT_ARRAY = 10;
/** Bytes of an AMF0 number with its marker. */
const NUMBER_BYTES = 9;

/** The body of an `onMetaData` tag begins so. */
const ON_META_DATA = Buffer.concat([Buffer.from([STRING, 0, 10]), Buffer.from('onMetaData')]);

/** Keyframes as a file lists them: seconds, and byte positions of their tags. */
export interface ListedKeyframes {
  readonly times: readonly number[];
  readonly positions: readonly number[];
}

/** Whether a script tag's body is metadata. */
export function isMetadata(body: Buffer): boolean {
  return body.subarray(0, ON_META_DATA.length).equals(ON_META_DATA);
}

/**
 * Finds the `keyframes` object that recorders write into metadata. The two lists are looked for by their names, without
 * reading everything around them, so that what is found must be compared with the file.
 *
 * @param body of an `onMetaData` tag
 * @returns undefined when there is none, or its lists are of different lengths
 */
export function listedKeyframes(body: Buffer): ListedKeyframes | undefined {
  const from = body.indexOf(named('keyframes', OBJECT));
  if (from < 0) return undefined;
  const times = numbersAt(body, body.indexOf(named('times', STRICT_ARRAY), from), 'times');
  const positions = numbersAt(body, body.indexOf(named('filepositions', STRICT_ARRAY), from), 'filepositions');
  if (times === undefined || positions === undefined || times.length !== positions.length) return undefined;
  return { times, positions };
}

/**
 * Makes metadata say how long the file is, which players need for their seek bar. A duration that is there and above 0
 * stays.
 *
 * @param body of an `onMetaData` tag; not changed
 * @returns the body, or a changed copy
 */
export function withDuration(body: Buffer, seconds: number): Buffer {
  const key = named('duration', NUMBER);
  const at = body.indexOf(key);
  if (at >= 0 && at + key.length + 8 <= body.length) {
    if (body.readDoubleBE(at + key.length) > 0) return body;
    const copy = Buffer.from(body);
    copy.writeDoubleBE(seconds, at + key.length);
    return copy;
  }
  const marker = body[ON_META_DATA.length];
  const membersAt = ON_META_DATA.length + (marker === ECMA_ARRAY ? 5 : 1);
  if ((marker !== ECMA_ARRAY && marker !== OBJECT) || membersAt > body.length) return body;
  const value = Buffer.alloc(8);
  value.writeDoubleBE(seconds);
  const head = Buffer.from(body.subarray(0, membersAt));
  // The count of an ECMA array is a hint, but some readers believe it.
  if (marker === ECMA_ARRAY) head.writeUInt32BE((head.readUInt32BE(membersAt - 4) + 1) >>> 0, membersAt - 4);
  return Buffer.concat([head, key, value, body.subarray(membersAt)]);
}

/** A property name and the marker of its value. */
function named(name: string, marker: number): Buffer {
  return Buffer.concat([Buffer.from([name.length >> 8, name.length & 255]), Buffer.from(name), Buffer.from([marker])]);
}

function numbersAt(body: Buffer, at: number, name: string): number[] | undefined {
  const countAt = at + 2 + name.length + 1;
  if (at < 0 || countAt + 4 > body.length) return undefined;
  const count = body.readUInt32BE(countAt);
  if (countAt + 4 + count * NUMBER_BYTES > body.length) return undefined;
  const numbers: number[] = [];
  for (let i = 0; i < count; i++) {
    const itemAt = countAt + 4 + i * NUMBER_BYTES;
    if (body[itemAt] !== NUMBER) return undefined;
    numbers.push(body.readDoubleBE(itemAt + 1));
  }
  return numbers;
}
