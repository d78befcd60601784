import type { AmfObject, AmfValue } from '../../src/wasm/amf-value.js';

const MARKER_OBJECT_END = 9;
const KEY_SLOTS = 1024;
/** Longer keys are not hashed: no encoder repeats them. */
const MAX_INTERNED = 24;
/**
 * Strings below this length are built in JavaScript; the call into the runtime costs more than that many characters.
 */
const SHORT_STRING = 16;

/** Node's own slices. `toString` with its checks of arguments costs a third more on short strings. */
interface SliceableBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

/** Why the JavaScript decoder refused a message. */
export class Amf0Refused extends Error {}

/** Bounds of one message, as the WASM scanner has them. */
export interface Amf0Limits {
  readonly depth: number;
  readonly values: number;
}

/**
 * AMF0 decoder in JavaScript (Action Message Format AMF0 §2), written to be as fast as possible: one pass, one shared
 * number buffer without `DataView`, property names interned in a fixed table so that a known key costs no string. Reads
 * what RTMP peers send: numbers, booleans, strings, objects, ECMA and strict arrays, dates, references, null,
 * undefined, long strings, XML, typed objects.
 */
export class Amf0Decoder {
  readonly #limits: Amf0Limits;
  readonly #number = new Float64Array(1);
  readonly #numberBytes = new Uint8Array(this.#number.buffer);
  readonly #keys: (string | undefined)[] = new Array(KEY_SLOTS).fill(undefined);
  #bytes = Buffer.alloc(0) as SliceableBuffer;
  #p = 0;
  #end = 0;
  #values = 0;
  #complex: (AmfObject | AmfValue[])[] = [];

  constructor(limits: Amf0Limits = { depth: 32, values: 4096 }) {
    this.#limits = limits;
  }

  /**
   * All values of one message.
   * @param bytes AMF0 values back to back; borrowed during the call.
   * @throws Amf0Refused on an unknown marker, a cut value, too deep or too many values.
   */
  decode(bytes: Buffer): AmfValue[] {
    this.#bytes = bytes as SliceableBuffer;
    this.#p = 0;
    this.#end = bytes.length;
    this.#values = 0;
    if (this.#complex.length > 0) this.#complex = [];
    const out: AmfValue[] = [];
    while (this.#p < this.#end) out.push(this.#value(0));
    return out;
  }

  #value(depth: number): AmfValue {
    if (++this.#values > this.#limits.values) throw new Amf0Refused('too many values');
    const bytes = this.#bytes;
    if (this.#p >= this.#end) throw new Amf0Refused('cut');
    switch (bytes[this.#p++]) {
      case 0:
        return this.#double();
      case 1:
        return bytes[this.#take(1)] !== 0;
      case 2:
        return this.#string(this.#short());
      case 3:
        return this.#object(depth + 1);
      case 5:
        return null;
      case 6:
      case 13:
        return undefined;
      case 7: {
        const target = this.#complex[this.#short()];
        if (target === undefined) throw new Amf0Refused('reference to nothing');
        return target;
      }
      case 8:
        // The count is a hint that encoders get wrong: the end marker rules.
        this.#take(4);
        return this.#object(depth + 1);
      case 10:
        return this.#array(depth + 1);
      case 11: {
        const ms = this.#double();
        this.#take(2);
        return new Date(ms);
      }
      case 12:
      case 15:
        return this.#string(this.#long());
      case 16:
        this.#take(this.#short());
        return this.#object(depth + 1);
      default:
        throw new Amf0Refused('marker');
    }
  }

  #object(depth: number): AmfObject {
    if (depth > this.#limits.depth) throw new Amf0Refused('depth');
    const bytes = this.#bytes;
    const object: AmfObject = Object.create(null);
    this.#complex.push(object);
    for (;;) {
      // Some encoders leave out the end marker of the last object.
      if (this.#p === this.#end) return object;
      const length = this.#short();
      if (length === 0 && bytes[this.#p] === MARKER_OBJECT_END) {
        this.#p++;
        return object;
      }
      const key = this.#key(length);
      object[key] = this.#value(depth);
    }
  }

  #array(depth: number): AmfValue[] {
    if (depth > this.#limits.depth) throw new Amf0Refused('depth');
    const count = this.#long();
    if (count > this.#end - this.#p) throw new Amf0Refused('count');
    const array: AmfValue[] = [];
    this.#complex.push(array);
    for (let i = 0; i < count; i++) array.push(this.#value(depth));
    return array;
  }

  #double(): number {
    const at = this.#take(8);
    const from = this.#bytes;
    const to = this.#numberBytes;
    to[7] = from[at];
    to[6] = from[at + 1];
    to[5] = from[at + 2];
    to[4] = from[at + 3];
    to[3] = from[at + 4];
    to[2] = from[at + 5];
    to[1] = from[at + 6];
    to[0] = from[at + 7];
    return this.#number[0];
  }

  #short(): number {
    const at = this.#take(2);
    return (this.#bytes[at] << 8) | this.#bytes[at + 1];
  }

  #long(): number {
    const at = this.#take(4);
    const b = this.#bytes;
    return ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0;
  }

  #key(length: number): string {
    if (length > MAX_INTERNED) return this.#string(length);
    const at = this.#take(length);
    const bytes = this.#bytes;
    let hash = length;
    let high = 0;
    for (let i = 0; i < length; i++) {
      const c = bytes[at + i];
      high |= c;
      hash = (Math.imul(hash, 31) + c) | 0;
    }
    if (high > 127) return bytes.utf8Slice(at, at + length);
    const slot = (hash ^ (hash >>> 15)) & (KEY_SLOTS - 1);
    const known = this.#keys[slot];
    if (known !== undefined && known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === bytes[at + i]) i++;
      if (i === length) return known;
    }
    const key = bytes.latin1Slice(at, at + length);
    this.#keys[slot] = key;
    return key;
  }

  #string(length: number): string {
    const at = this.#take(length);
    const bytes = this.#bytes;
    if (length >= SHORT_STRING) return bytes.utf8Slice(at, at + length);
    let text = '';
    for (let i = at; i < at + length; i++) {
      const c = bytes[i];
      if (c > 127) return bytes.utf8Slice(at, at + length);
      text += String.fromCharCode(c);
    }
    return text;
  }

  /** Advances by n bytes and returns where they begin. */
  #take(n: number): number {
    const at = this.#p;
    if (n > this.#end - at) throw new Amf0Refused('cut');
    this.#p = at + n;
    return at;
  }
}
