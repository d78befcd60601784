import {
  AMF_EPOCH,
  AMF_HAS_REFERENCES,
  AMF_MAX_VALUES,
  AMF_NAME_SETS,
  AMF_SHAPE_SETS,
  AMF_TABLE,
  AMF_TOKENS,
  AMF_TRUNCATED,
  KIND_BYTES,
  KIND_DICTIONARY,
  KIND_MIXED,
  TOKEN_KEY_ID,
  TOKEN_KEY_LENGTH,
  TOKEN_KEY_PTR,
  TOKEN_LENGTH,
  TOKEN_NEXT,
  TOKEN_VALUE,
  TOKEN_VALUE_ID,
  TOKEN_WORDS,
} from '../../assembly/constants.js';
import { AmfShape, makeEmpty } from './amf-shape.js';
import type { AmfObject, AmfValue } from './amf-value.js';

/** The result of a scan. `truncated`: the end of the bytes cut the last value off; what is complete is there. */
export interface AmfScan {
  readonly values: AmfValue[];
  readonly truncated: boolean;
}

/** Node's own slices. `toString` with its checks of arguments costs a third more on short strings. */
interface SliceableBuffer extends Buffer {
  utf8Slice(start: number, end: number): string;
}

/** Reads the token table that an instance filled. Everything is copied, so the values outlive the bytes. */
export class AmfTokens {
  readonly #header: Uint32Array;
  readonly #bytes: SliceableBuffer;
  readonly #words: Uint32Array;
  readonly #numbers: Float64Array;
  readonly #made: AmfValue[] = [];
  // The strings of the module's name entries, and the id under which each was read: the id changes with the bytes.
  readonly #names: string[] = new Array(AMF_NAME_SETS * 4 + 1).fill('');
  readonly #nameIds = new Uint32Array(AMF_NAME_SETS * 4 + 1);
  readonly #shapeIds = new Uint32Array(AMF_SHAPE_SETS * 2);
  readonly #shapes: (AmfShape | undefined)[] = new Array(AMF_SHAPE_SETS * 2).fill(undefined);
  // Values of the objects that are being read, each above those of the object around it.
  readonly #stack: AmfValue[] = [];
  #depth = 0;
  #epoch = 0;
  #hasReferences = false;

  /** @param memory - the instance's memory */
  constructor(memory: SharedArrayBuffer, header: Uint32Array) {
    this.#header = header;
    this.#bytes = Buffer.from(memory) as SliceableBuffer;
    this.#words = new Uint32Array(memory, AMF_TABLE, AMF_MAX_VALUES * TOKEN_WORDS);
    this.#numbers = new Float64Array(memory, AMF_TABLE, (AMF_MAX_VALUES * TOKEN_WORDS) / 2);
  }

  /** Turns the tokens of the last successful scan into values. */
  read(): AmfScan {
    const values = this.readValues();
    return { values, truncated: this.#header[AMF_TRUNCATED] !== 0 };
  }

  /** Does the same as {@link read}, without `truncated`. */
  readValues(): AmfValue[] {
    const header = this.#header;
    const words = this.#words;
    const end = header[AMF_TOKENS] * TOKEN_WORDS;
    this.#hasReferences = header[AMF_HAS_REFERENCES] !== 0;
    if (header[AMF_EPOCH] !== this.#epoch) this.#forget();
    const values: AmfValue[] = [];
    for (let at = 0; at < end; at = words[at + TOKEN_NEXT] * TOKEN_WORDS) values.push(this.#value(at));
    if (this.#hasReferences) this.#made.length = 0;
    return values;
  }

  /** The numbers, booleans and strings that a scan found before it was refused: two at most, up to another value. */
  readHead(): AmfValue[] {
    const end = Math.min(this.#header[AMF_TOKENS], 2);
    if (this.#header[AMF_EPOCH] !== this.#epoch) this.#forget();
    const values: AmfValue[] = [];
    for (let token = 0; token < end && (this.#words[token * TOKEN_WORDS] & 0xff) <= 0x02; token++) {
      values.push(this.#value(token * TOKEN_WORDS));
    }
    return values;
  }

  // Reads the value whose token begins at word `at`. Recursion is safe here: the scan has limited the depth.
  #value(at: number): AmfValue {
    const words = this.#words;
    const first = words[at];
    switch (first & 0xff) {
      case 0x00:
        return this.#numbers[(at + TOKEN_VALUE) >> 1];
      case 0x01:
        return words[at + TOKEN_VALUE] !== 0;
      case 0x02:
      case 0x0c:
      case 0x0f:
        return this.#text(words[at + TOKEN_VALUE], words[at + TOKEN_LENGTH], first >>> 20, words[at + TOKEN_VALUE_ID]);
      case 0x03:
      case 0x08:
      case 0x10:
        return words[at + TOKEN_VALUE] === 0 || this.#hasReferences ? this.#object(at) : this.#shaped(at);
      case 0x0a:
        return this.#array(at);
      case 0x05:
        return null;
      case 0x07:
        return this.#made[words[at + TOKEN_LENGTH]];
      case KIND_BYTES:
        return this.#byteArray(at);
      case KIND_DICTIONARY:
        return this.#dictionary(at);
      case KIND_MIXED:
        return this.#mixed(at);
      case 0x0b:
        return new Date(this.#numbers[(at + TOKEN_VALUE) >> 1]);
      default:
        return undefined;
    }
  }

  #shaped(at: number): AmfObject {
    const words = this.#words;
    const index = words[at + TOKEN_VALUE_ID];
    const id = words[at + TOKEN_VALUE];
    let shape = this.#shapes[index];
    if (shape === undefined || shape.id !== id) {
      // A shape costs more than an object, so it is made only when its key sequence comes a second time.
      if (this.#shapeIds[index] !== id) {
        this.#shapeIds[index] = id;
        return this.#object(at);
      }
      shape = new AmfShape(id, this.#keysOf(at));
      this.#shapes[index] = shape;
    }
    if (!shape.usable) return this.#object(at);
    const stack = this.#stack;
    const base = this.#depth;
    const count = shape.keys.length;
    const top = base + count;
    while (stack.length < top) stack.push(undefined);
    this.#depth = top;
    const numbers = this.#numbers;
    const names = this.#names;
    const nameIds = this.#nameIds;
    let child = at + TOKEN_WORDS;
    for (let slot = base; slot < top; slot++) {
      // The most common kinds of values are read here, without a call.
      const first = words[child];
      const marker = first & 0xff;
      if (marker === 0x00) {
        stack[slot] = numbers[(child + TOKEN_VALUE) >> 1];
      } else if (marker === 0x02 && first >>> 20 !== 0 && nameIds[first >>> 20] === words[child + TOKEN_VALUE_ID]) {
        stack[slot] = names[first >>> 20];
      } else {
        stack[slot] = this.#value(child);
      }
      child = words[child + TOKEN_NEXT] * TOKEN_WORDS;
    }
    this.#depth = base;
    return shape.make(stack, base);
  }

  #keysOf(at: number): string[] {
    const words = this.#words;
    const keys: string[] = [];
    const end = words[at + TOKEN_NEXT] * TOKEN_WORDS;
    for (let child = at + TOKEN_WORDS; child < end; child = words[child + TOKEN_NEXT] * TOKEN_WORDS) {
      keys.push(this.#key(child));
    }
    return keys;
  }

  #object(at: number): AmfObject {
    const words = this.#words;
    const object = makeEmpty();
    if (this.#hasReferences) this.#made[at / TOKEN_WORDS] = object;
    const end = words[at + TOKEN_NEXT] * TOKEN_WORDS;
    for (let child = at + TOKEN_WORDS; child < end; child = words[child + TOKEN_NEXT] * TOKEN_WORDS) {
      const key = this.#key(child);
      const value = this.#value(child);
      if (key !== '__proto__') object[key] = value;
    }
    return object;
  }

  #array(at: number): AmfValue[] {
    const words = this.#words;
    const array: AmfValue[] = [];
    if (this.#hasReferences) this.#made[at / TOKEN_WORDS] = array;
    const end = words[at + TOKEN_NEXT] * TOKEN_WORDS;
    for (let child = at + TOKEN_WORDS; child < end; child = words[child + TOKEN_NEXT] * TOKEN_WORDS) {
      array.push(this.#value(child));
    }
    return array;
  }

  #byteArray(at: number): Uint8Array {
    const words = this.#words;
    const start = words[at + TOKEN_VALUE];
    const bytes = Buffer.from(this.#bytes.subarray(start, start + words[at + TOKEN_LENGTH]));
    if (this.#hasReferences) this.#made[at / TOKEN_WORDS] = bytes;
    return bytes;
  }

  /** Pairs of key and value; a key whose value was cut off is left out. */
  #dictionary(at: number): AmfValue[] {
    const words = this.#words;
    const pairs: AmfValue[] = [];
    if (this.#hasReferences) this.#made[at / TOKEN_WORDS] = pairs;
    const end = words[at + TOKEN_NEXT] * TOKEN_WORDS;
    for (let child = at + TOKEN_WORDS; child < end; ) {
      const key = this.#value(child);
      child = words[child + TOKEN_NEXT] * TOKEN_WORDS;
      if (child >= end) break;
      pairs.push([key, this.#value(child)]);
      child = words[child + TOKEN_NEXT] * TOKEN_WORDS;
    }
    return pairs;
  }

  /** An array with keys: those without get the numbers from 0. */
  #mixed(at: number): AmfObject {
    const words = this.#words;
    const object = makeEmpty();
    if (this.#hasReferences) this.#made[at / TOKEN_WORDS] = object;
    const end = words[at + TOKEN_NEXT] * TOKEN_WORDS;
    let index = 0;
    for (let child = at + TOKEN_WORDS; child < end; child = words[child + TOKEN_NEXT] * TOKEN_WORDS) {
      const key = words[child + TOKEN_KEY_PTR] === 0 ? String(index++) : this.#key(child);
      const value = this.#value(child);
      if (key !== '__proto__') object[key] = value;
    }
    return object;
  }

  #key(at: number): string {
    const words = this.#words;
    const name = (words[at] >>> 8) & 0xfff;
    return this.#text(words[at + TOKEN_KEY_PTR], words[at + TOKEN_KEY_LENGTH], name, words[at + TOKEN_KEY_ID]);
  }

  #text(start: number, length: number, name: number, id: number): string {
    if (name === 0) return length === 0 ? '' : this.#bytes.utf8Slice(start, start + length);
    if (this.#nameIds[name] === id) return this.#names[name];
    const made = this.#bytes.utf8Slice(start, start + length);
    this.#names[name] = made;
    this.#nameIds[name] = id;
    return made;
  }

  /** The module has begun its ids anew, so every id that is known here is invalid. */
  #forget(): void {
    this.#epoch = this.#header[AMF_EPOCH];
    this.#nameIds.fill(0);
    this.#shapeIds.fill(0);
    this.#shapes.fill(undefined);
  }
}
