import { SluiceError } from '../../core/errors.js';
import { AmfEcmaArray, type AmfInput, isList } from './amf-input.js';
import { Sink } from './amf-sink.js';

/** AMF3 type markers (AMF 3 specification §3.1). */
const Marker = {
  Undefined: 0x00,
  Null: 0x01,
  False: 0x02,
  True: 0x03,
  Integer: 0x04,
  Double: 0x05,
  String: 0x06,
  Date: 0x08,
  Array: 0x09,
  Object: 0x0a,
  ByteArray: 0x0c,
} as const;

const MAX_DEPTH = 64;
/** Integers have 29 bits with a sign; others are doubles. */
const LEAST_INTEGER = -(2 ** 28);
const MOST_INTEGER = 2 ** 28 - 1;
/** Strings that are remembered; readers keep a table, which must not grow for ever. */
const MAX_STRINGS = 4096;
/** Traits that stand in line: a dynamic object without sealed members; then the first traits of the message. */
const NEW_DYNAMIC_TRAITS = 0x0b;
const FIRST_TRAITS = 0x01;

/**
 * Encodes one value as AMF3, without the marker 11 that stands before it in AMF0. Objects are anonymous and dynamic,
 * strings that come again are references, and integers that fit 29 bits are integers.
 *
 * @returns a new Buffer; ownership is the caller's
 * @throws SluiceError `ERR_AMF_UNWRITABLE` for nesting over 64 levels
 */
export function writeAmf3(value: AmfInput): Buffer {
  const sink = new Sink(Number.POSITIVE_INFINITY);
  new Amf3Writer(sink).write(value);
  return sink.finish();
}

/** Writes AMF3 values that share one set of reference tables. */
export class Amf3Writer {
  readonly #sink: Sink;
  readonly #strings = new Map<string, number>();
  #hasTraits = false;

  /** @param sink where the bytes go */
  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** @throws SluiceError `ERR_AMF_UNWRITABLE` for nesting over 64 levels, and as the sink does */
  write(value: AmfInput, depth = 0): void {
    if (depth > MAX_DEPTH) throw new SluiceError('ERR_AMF_UNWRITABLE', `nested deeper than ${MAX_DEPTH} levels`);
    const sink = this.#sink;
    if (value === undefined) sink.u8(Marker.Undefined);
    else if (value === null) sink.u8(Marker.Null);
    else if (typeof value === 'boolean') sink.u8(value ? Marker.True : Marker.False);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'string') {
      sink.u8(Marker.String);
      this.#string(value);
    } else if (value instanceof Date) {
      sink.u8(Marker.Date);
      sink.u29(1);
      sink.f64(value.getTime());
    } else if (value instanceof Uint8Array) {
      sink.u8(Marker.ByteArray);
      sink.u29((value.length << 1) | 1);
      sink.bytes(value);
    } else if (isList(value)) {
      sink.u8(Marker.Array);
      sink.u29((value.length << 1) | 1);
      this.#string('');
      for (const item of value) this.write(item, depth + 1);
    } else if (value instanceof AmfEcmaArray) {
      sink.u8(Marker.Array);
      sink.u29(1);
      this.#members(value.entries, depth);
    } else {
      sink.u8(Marker.Object);
      this.#traits();
      this.#members(value, depth);
    }
  }

  #number(value: number): void {
    const isInteger = Number.isInteger(value) && value >= LEAST_INTEGER && value <= MOST_INTEGER;
    if (isInteger && !Object.is(value, -0)) {
      this.#sink.u8(Marker.Integer);
      this.#sink.u29(value & 0x1fffffff);
    } else {
      this.#sink.u8(Marker.Double);
      this.#sink.f64(value);
    }
  }

  #traits(): void {
    if (this.#hasTraits) {
      this.#sink.u29(FIRST_TRAITS);
      return;
    }
    this.#hasTraits = true;
    this.#sink.u29(NEW_DYNAMIC_TRAITS);
    this.#string('');
  }

  #members(entries: { readonly [key: string]: AmfInput }, depth: number): void {
    for (const key of Object.keys(entries)) {
      // An empty key ends the members.
      if (key === '') continue;
      this.#string(key);
      this.write(entries[key], depth + 1);
    }
    this.#string('');
  }

  #string(value: string): void {
    const known = this.#strings.get(value);
    if (known !== undefined) {
      this.#sink.u29(known << 1);
      return;
    }
    const size = Buffer.byteLength(value, 'utf8');
    this.#sink.u29((size << 1) | 1);
    this.#sink.text(value, size);
    if (value !== '' && this.#strings.size < MAX_STRINGS) this.#strings.set(value, this.#strings.size);
  }
}
