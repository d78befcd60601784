/** A stretch of bytes: `[at, end)`. */
export interface Span {
  readonly at: number;
  readonly end: number;
}

/** One AMF value with the place of each of its parts in the bytes that were read. */
export interface AmfNode {
  readonly kind:
    | 'number'
    | 'boolean'
    | 'string'
    | 'object'
    | 'array'
    | 'null'
    | 'undefined'
    | 'reference'
    | 'date'
    | 'bytes';
  /** Position of the marker byte. */
  readonly at: number;
  /** Position of the value behind the marker: the eight bytes of a number, the text of a string. */
  readonly value: Span;
  /** How AMF3 writes a number, a boolean (in its marker) or a reference; undefined: as AMF0. */
  readonly as?: 'u29' | 'int32' | 'uint32' | 'marker';
  /** The name of the class of an AMF3 object. */
  readonly className?: Span;
  /** Members of an object, in order. */
  readonly entries: { readonly key: Span; readonly node: AmfNode }[];
  /** Items of a strict array, in order. Of a dictionary, keys and values by turns. */
  readonly items: AmfNode[];
}

/** Takes a node as soon as it exists, so that a value that is cut off later keeps what is complete of it. */
export type KeepNode = (node: AmfNode) => void;

/** The U29 at a position (AMF 3 §1.3.1), and its bytes; undefined when it is cut off. */
export function u29At(bytes: Buffer, at: number): { readonly value: number; readonly bytes: number } | undefined {
  let value = 0;
  for (let count = 1; count <= 4 && at + count <= bytes.length; count++) {
    const byte = bytes[at + count - 1]!;
    if (count === 4) return { value: value * 256 + byte, bytes: 4 };
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, bytes: count };
  }
  return undefined;
}

/** The number of a node of kind `number` or `date`, or the index of a `reference`. */
export function numberOf(bytes: Buffer, { kind, value, as }: AmfNode): number {
  if (as === 'int32') return bytes.readInt32BE(value.at);
  if (as === 'uint32') return bytes.readUInt32BE(value.at);
  if (as === 'u29') {
    const number = u29At(bytes, value.at)?.value ?? 0;
    return kind === 'reference' ? number >> 1 : (number << 3) >> 3;
  }
  return kind === 'reference' ? bytes.readUInt16BE(value.at) : bytes.readDoubleBE(value.at);
}
