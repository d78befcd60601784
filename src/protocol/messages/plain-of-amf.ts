import type { PlainValue } from '../../core/plain.js';
import type { AmfValue } from '../../wasm/amf-value.js';

/**
 * AMF values as plain data for events: a byte array is `{"$amf": "bytes", "length": …}`, all else is as it is. Media in
 * byte arrays (OBS before 30.2) goes to players, and is not told.
 */
export function plainOfAmf(values: readonly AmfValue[]): PlainValue[] {
  // References make one object stand in many places, each inside of the next, so each object is looked at once.
  const seen = new Map<AmfValue, PlainValue>();
  return values.map((value) => plain(value, seen));
}

function plain(value: AmfValue, seen: Map<AmfValue, PlainValue>): PlainValue {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Uint8Array) return { $amf: 'bytes', length: value.length };
  const known = seen.get(value);
  if (known !== undefined) return known;
  const made = Array.isArray(value)
    ? value.map((item) => plain(item, seen))
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, seen)]));
  seen.set(value, made);
  return made;
}
