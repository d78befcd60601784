import { SluiceError } from '../../core/errors.js';

/** The input of {@link writeAmf0}: everything that can be read, and {@link AmfEcmaArray} at any depth. */
export type AmfInput =
  | number
  | boolean
  | string
  | null
  | undefined
  | Date
  | AmfEcmaArray
  | { readonly [key: string]: AmfInput }
  | readonly AmfInput[];

/** Asks for marker 08 (ECMA array) instead of 03 (object). Players expect `onMetaData` in this form. */
export class AmfEcmaArray {
  readonly entries: { readonly [key: string]: AmfInput };

  /** @param entries own enumerable properties, written in order; the count in the header is their number */
  constructor(entries: { readonly [key: string]: AmfInput }) {
    this.entries = entries;
  }
}

/** AMF0 type markers (AMF 0 specification §2.1). */
export const AmfMarker = {
  Number: 0x00,
  Boolean: 0x01,
  String: 0x02,
  Object: 0x03,
  Null: 0x05,
  Undefined: 0x06,
  EcmaArray: 0x08,
  ObjectEnd: 0x09,
  StrictArray: 0x0a,
  Date: 0x0b,
  LongString: 0x0c,
  SwitchToAmf3: 0x11,
} as const;

const MAX_SHORT_STRING_BYTES = 0xffff;
const MAX_DEPTH = 64;

class Sink {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  reserve(size: number): number {
    const at = this.#length;
    const end = at + size;
    if (end > this.#maxBytes) throw new SluiceError('ERR_AMF_UNWRITABLE', `more than ${this.#maxBytes} bytes`);
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    this.#length = end;
    return at;
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.reserve(2);
    this.#bytes.writeUInt16BE(value, at);
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.#bytes.writeUInt32BE(value, at);
  }

  f64(value: number): void {
    const at = this.reserve(8);
    this.#bytes.writeDoubleBE(value, at);
  }

  text(value: string, size: number): void {
    const at = this.reserve(size);
    this.#bytes.write(value, at, size, 'utf8');
  }

  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }
}

/**
 * Encodes values one after the other as AMF0. Strings over 65535 bytes become long strings; numbers are always f64;
 * `undefined` is marker 06; arrays are strict arrays.
 *
 * @returns a new Buffer; ownership is the caller's
 * @throws SluiceError `ERR_AMF_UNWRITABLE` for a property name over 65535 bytes or nesting over 64 levels
 */
export function writeAmf0(...values: readonly AmfInput[]): Buffer {
  return writeAmf0Within(Number.POSITIVE_INFINITY, ...values);
}

/**
 * {@link writeAmf0} for values that a peer sent. With AMF0 references a few bytes stand for a value many times over,
 * doubled again and again inside itself, and writing has no references.
 *
 * @throws SluiceError `ERR_AMF_UNWRITABLE` also when the result would be longer than `maxBytes`
 */
export function writeAmf0Within(maxBytes: number, ...values: readonly AmfInput[]): Buffer {
  const sink = new Sink(maxBytes);
  for (const value of values) writeValue(sink, value, 0);
  return sink.finish();
}

function writeValue(sink: Sink, value: AmfInput, depth: number): void {
  if (depth > MAX_DEPTH) throw new SluiceError('ERR_AMF_UNWRITABLE', `nested deeper than ${MAX_DEPTH} levels`);
  if (typeof value === 'number') {
    sink.u8(AmfMarker.Number);
    sink.f64(value);
  } else if (typeof value === 'boolean') {
    sink.u8(AmfMarker.Boolean);
    sink.u8(value ? 1 : 0);
  } else if (typeof value === 'string') {
    writeString(sink, value);
  } else if (value === null) {
    sink.u8(AmfMarker.Null);
  } else if (value === undefined) {
    sink.u8(AmfMarker.Undefined);
  } else if (value instanceof Date) {
    sink.u8(AmfMarker.Date);
    sink.f64(value.getTime());
    sink.u16(0);
  } else if (isArray(value)) {
    sink.u8(AmfMarker.StrictArray);
    sink.u32(value.length);
    for (const item of value) writeValue(sink, item, depth + 1);
  } else if (value instanceof AmfEcmaArray) {
    sink.u8(AmfMarker.EcmaArray);
    sink.u32(Object.keys(value.entries).length);
    writeProperties(sink, value.entries, depth);
  } else {
    sink.u8(AmfMarker.Object);
    writeProperties(sink, value, depth);
  }
}

// `Array.isArray` alone does not narrow a readonly array out of the union.
function isArray(value: AmfInput): value is readonly AmfInput[] {
  return Array.isArray(value);
}

function writeString(sink: Sink, value: string): void {
  const size = Buffer.byteLength(value, 'utf8');
  if (size > MAX_SHORT_STRING_BYTES) {
    sink.u8(AmfMarker.LongString);
    sink.u32(size);
  } else {
    sink.u8(AmfMarker.String);
    sink.u16(size);
  }
  sink.text(value, size);
}

function writeProperties(sink: Sink, entries: { readonly [key: string]: AmfInput }, depth: number): void {
  for (const key of Object.keys(entries)) {
    const size = Buffer.byteLength(key, 'utf8');
    if (size > MAX_SHORT_STRING_BYTES) {
      throw new SluiceError('ERR_AMF_UNWRITABLE', `a property name of ${size} bytes`);
    }
    // An empty name followed by a value would read as the start of the object end marker.
    if (size === 0) continue;
    sink.u16(size);
    sink.text(key, size);
    writeValue(sink, entries[key], depth + 1);
  }
  sink.u16(0);
  sink.u8(AmfMarker.ObjectEnd);
}
