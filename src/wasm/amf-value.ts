/**
 * A value that AMF0 (AMF 0 §2) or AMF3 (AMF 3 §3) can carry. Objects, ECMA arrays, typed objects and AMF3 arrays that
 * have members with keys are {@link AmfObject}. Vectors are arrays, XML is a string, a byte array is a Uint8Array. A
 * dictionary is an array of pairs of key and value, since its keys may be of any type.
 */
export type AmfValue = number | boolean | string | null | undefined | Date | Uint8Array | AmfObject | AmfValue[];

/**
 * An object that inherits nothing. Its prototype is a frozen empty object without a prototype, so no key of a peer can
 * reach `Object.prototype`, and `'toString' in object` is false. (An object whose own prototype is null is a hash table
 * to V8, and three times as slow to make.)
 */
export interface AmfObject {
  [key: string]: AmfValue;
}

/** Whether a value is a key-value object; arrays, dates and byte arrays are not. */
export function isAmfObject(value: AmfValue): value is AmfObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !(value instanceof Date) && !(value instanceof Uint8Array);
}
