/** What the writers take: everything that can be read, and {@link AmfEcmaArray} at any depth. */
export type AmfInput =
  | number
  | boolean
  | string
  | null
  | undefined
  | Date
  | Uint8Array
  | AmfEcmaArray
  | { readonly [key: string]: AmfInput }
  | readonly AmfInput[];

/**
 * Asks for marker 08 (ECMA array) instead of 03 (object) in AMF0, and for an array with keys in AMF3. Players expect
 * `onMetaData` in this form.
 */
export class AmfEcmaArray {
  readonly entries: { readonly [key: string]: AmfInput };

  /** @param entries own enumerable properties, written in order; in AMF0 the count in the header is their number */
  constructor(entries: { readonly [key: string]: AmfInput }) {
    this.entries = entries;
  }
}

// `Array.isArray` alone does not narrow a readonly array out of the union.
/** Whether a value is a list. */
export function isList(value: AmfInput): value is readonly AmfInput[] {
  return Array.isArray(value);
}
