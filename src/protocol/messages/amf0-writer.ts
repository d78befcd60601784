import { SluiceError } from '../../core/errors.js';
import { AmfEcmaArray, type AmfInput, isList } from './amf-input.js';
import { Sink } from './amf-sink.js';
import { Amf3Writer } from './amf3-writer.js';

export { AmfEcmaArray, type AmfInput } from './amf-input.js';

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

/**
 * Encodes values one after the other as AMF0. Strings over 65535 bytes become long strings; numbers are always f64;
 * `undefined` is marker 06; arrays are strict arrays; a byte array is an AMF3 value behind marker 11.
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
  } else if (value instanceof Uint8Array) {
    // AMF0 has no byte arrays, so this one value is in AMF3.
    sink.u8(AmfMarker.SwitchToAmf3);
    new Amf3Writer(sink).write(value);
  } else if (isList(value)) {
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
