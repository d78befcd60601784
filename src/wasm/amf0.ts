import {
  AMF_TABLE,
  AMF_TOKENS,
  AMF_TRUNCATED,
  TOKEN_BYTES,
  TOKEN_KEY_LENGTH,
  TOKEN_KEY_PTR,
  TOKEN_LENGTH,
  TOKEN_MARKER,
  TOKEN_NEXT,
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

/** Reads the token table an instance filled; copies everything, so the values outlive the bytes. */
export class AmfTokens {
  readonly #header: Uint32Array;
  readonly #bytes: Buffer;
  readonly #words: Uint32Array;
  readonly #numbers: Float64Array;

  /** @param memory - the instance's memory */
  constructor(memory: ArrayBuffer, header: Uint32Array) {
    this.#header = header;
    this.#bytes = Buffer.from(memory);
    this.#words = new Uint32Array(memory);
    this.#numbers = new Float64Array(memory);
  }

  /** Turns the tokens of the last successful scan into values. */
  read(): AmfScan {
    const count = this.#header[AMF_TOKENS];
    const values: AmfValue[] = [];
    const made: AmfValue[] = [];
    for (let index = 0; index < count; index = this.#word(index, TOKEN_NEXT)) values.push(this.#value(index, made));
    return { values, truncated: this.#header[AMF_TRUNCATED] !== 0 };
  }

  #word(token: number, word: number): number {
    return this.#words[AMF_TABLE / 4 + token * TOKEN_WORDS + word];
  }

  // Recursion is safe here: the scan has limited the depth.
  #value(token: number, made: AmfValue[]): AmfValue {
    switch (this.#word(token, TOKEN_MARKER)) {
      case 0x00:
        return this.#number(token);
      case 0x01:
        return this.#word(token, TOKEN_VALUE) !== 0;
      case 0x02:
      case 0x0c:
      case 0x0f:
        return this.#text(this.#word(token, TOKEN_VALUE), this.#word(token, TOKEN_LENGTH));
      case 0x03:
      case 0x08:
      case 0x10:
        return this.#object(token, made);
      case 0x0a:
        return this.#array(token, made);
      case 0x05:
        return null;
      case 0x07:
        return made[this.#word(token, TOKEN_LENGTH)];
      case 0x0b:
        return new Date(this.#number(token));
      default:
        return undefined;
    }
  }

  #number(token: number): number {
    return this.#numbers[(AMF_TABLE + token * TOKEN_BYTES + TOKEN_VALUE * 4) / 8];
  }

  #object(token: number, made: AmfValue[]): AmfObject {
    const object = Object.create(null) as AmfObject;
    made[token] = object;
    const end = this.#word(token, TOKEN_NEXT);
    for (let child = token + 1; child < end; child = this.#word(child, TOKEN_NEXT)) {
      const key = this.#text(this.#word(child, TOKEN_KEY_PTR), this.#word(child, TOKEN_KEY_LENGTH));
      const value = this.#value(child, made);
      if (key !== '__proto__') object[key] = value;
    }
    return object;
  }

  #array(token: number, made: AmfValue[]): AmfValue[] {
    const array: AmfValue[] = [];
    made[token] = array;
    const end = this.#word(token, TOKEN_NEXT);
    for (let child = token + 1; child < end; child = this.#word(child, TOKEN_NEXT))
      array.push(this.#value(child, made));
    return array;
  }

  #text(start: number, length: number): string {
    // Short keys dominate; building them from bytes beats the call into Node's decoder.
    if (length > 24) return this.#bytes.toString('utf8', start, start + length);
    let text = '';
    for (let at = start; at < start + length; at++) {
      const byte = this.#bytes[at];
      if (byte > 127) return this.#bytes.toString('utf8', start, start + length);
      text += String.fromCharCode(byte);
    }
    return text;
  }
}
