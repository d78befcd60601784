import {
  AMF_HAS_REFERENCES,
  AMF_MAX_VALUES,
  AMF_TABLE,
  AMF_TOKENS,
  AMF_TRUNCATED,
  TOKEN_KEY_LENGTH,
  TOKEN_KEY_PTR,
  TOKEN_LENGTH,
  TOKEN_NEXT,
  TOKEN_SLOTS,
  TOKEN_VALUE,
  TOKEN_WORDS,
} from '../../assembly/constants.js';

/** A value AMF0 can carry (AMF 0 §2). Objects, ECMA arrays and typed objects are {@link AmfObject}. */
export type AmfValue = number | boolean | string | null | undefined | Date | AmfObject | AmfValue[];

/** An object without a prototype: no key of the peer's can reach `Object.prototype`. */
export interface AmfObject {
  [key: string]: AmfValue;
}

/** What a scan found. `truncated`: the last value was cut off by the end of the bytes; what is complete is there. */
export interface AmfScan {
  readonly values: AmfValue[];
  readonly truncated: boolean;
}

/** Node's own slices: `toString` with its argument checks costs a third more on short strings. */
interface SliceableBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

/**
 * Strings seen before, by the slot the scanner computed. Peers repeat a few dozen names; finding one here costs a comparison
 * instead of a call into the runtime. A peer can fill it with its own: 1024 strings of at most 32 characters.
 */
const known: string[] = new Array(1024).fill('');

/** Reads the token table an instance filled; copies everything, so the values outlive the bytes. */
export class AmfTokens {
  readonly #header: Uint32Array;
  readonly #bytes: SliceableBuffer;
  readonly #words: Uint32Array;
  readonly #numbers: Float64Array;
  readonly #made: AmfValue[] = [];
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
    const end = this.#header[AMF_TOKENS] * TOKEN_WORDS;
    this.#hasReferences = this.#header[AMF_HAS_REFERENCES] !== 0;
    const values: AmfValue[] = [];
    for (let at = 0; at < end; at = this.#words[at + TOKEN_NEXT] * TOKEN_WORDS) values.push(this.#value(at));
    if (this.#hasReferences) this.#made.length = 0;
    return { values, truncated: this.#header[AMF_TRUNCATED] !== 0 };
  }

  // `at` is the index of a token's first word. Recursion is safe here: the scan has limited the depth.
  #value(at: number): AmfValue {
    const words = this.#words;
    switch (words[at]) {
      case 0x00:
        return this.#numbers[(at + TOKEN_VALUE) >> 1];
      case 0x01:
        return words[at + TOKEN_VALUE] !== 0;
      case 0x02:
      case 0x0c:
      case 0x0f:
        return this.#text(words[at + TOKEN_VALUE], words[at + TOKEN_LENGTH], words[at + TOKEN_SLOTS] >>> 16);
      case 0x03:
      case 0x08:
      case 0x10:
        return this.#object(at);
      case 0x0a:
        return this.#array(at);
      case 0x05:
        return null;
      case 0x07:
        return this.#made[words[at + TOKEN_LENGTH]];
      case 0x0b:
        return new Date(this.#numbers[(at + TOKEN_VALUE) >> 1]);
      default:
        return undefined;
    }
  }

  #object(at: number): AmfObject {
    const words = this.#words;
    const object = Object.create(null) as AmfObject;
    if (this.#hasReferences) this.#made[at / TOKEN_WORDS] = object;
    const end = words[at + TOKEN_NEXT] * TOKEN_WORDS;
    for (let child = at + TOKEN_WORDS; child < end; child = words[child + TOKEN_NEXT] * TOKEN_WORDS) {
      const slot = words[child + TOKEN_SLOTS] & 0xffff;
      const key = this.#text(words[child + TOKEN_KEY_PTR], words[child + TOKEN_KEY_LENGTH], slot);
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

  #text(start: number, length: number, slot: number): string {
    if (slot === 0) return length === 0 ? '' : this.#bytes.utf8Slice(start, start + length);
    const bytes = this.#bytes;
    const text = known[slot - 1];
    if (text.length === length) {
      let i = 0;
      while (i < length && text.charCodeAt(i) === bytes[start + i]) i++;
      if (i === length) return text;
    }
    const made = bytes.latin1Slice(start, start + length);
    known[slot - 1] = made;
    return made;
  }
}
