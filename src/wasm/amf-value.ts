/** A value AMF0 can carry (AMF 0 §2). Objects, ECMA arrays and typed objects are {@link AmfObject}. */
export type AmfValue = number | boolean | string | null | undefined | Date | AmfObject | AmfValue[];

/**
 * An object that inherits nothing. Its prototype is a frozen empty object without a prototype, so no key of a peer can
 * reach `Object.prototype`, and `'toString' in object` is false. (An object whose own prototype is null is a hash table
 * to V8, and three times as slow to make.)
 */
export interface AmfObject {
  [key: string]: AmfValue;
}
