import type { AmfValue } from '../../wasm/amf-value.js';

/** Values at the beginning of a message. `complete`: nothing else follows them. */
interface Scalars {
  readonly values: AmfValue[];
  readonly complete: boolean;
}

const AMF3 = 0x11;
const MAX_VALUES = 16;

/**
 * Reads simple values, AMF0 or AMF3 behind marker 11 (AMF 3 §3.1 to §3.8), up to the first that is not simple: numbers,
 * booleans, strings, null, undefined. A command's name, its transaction id and most arguments are simple, and clients
 * that use AMF3 send them like that.
 *
 * @param payload borrowed until return
 * @param start where the first value begins
 */
export function readScalars(payload: Uint8Array, start: number): Scalars {
  const reader = new ScalarReader(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength), start);
  const values: AmfValue[] = [];
  while (!reader.atEnd && values.length < MAX_VALUES) {
    const value = reader.next();
    if (value === UNREADABLE) break;
    values.push(value);
  }
  return { values, complete: reader.atEnd };
}

const UNREADABLE = Symbol('unreadable');
type Scalar = number | boolean | string | null | undefined | typeof UNREADABLE;

/** Reads one value after the other, and stops before one that it cannot read. */
class ScalarReader {
  readonly #bytes: Buffer;
  /** Strings of this message to which later ones may refer. */
  readonly #strings: string[] = [];
  #at: number;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  next(): Scalar {
    const from = this.#at;
    const marker = this.#bytes[this.#at++];
    const value = marker === AMF3 ? this.#amf3(this.#bytes[this.#at++]) : this.#amf0(marker);
    if (value === UNREADABLE) this.#at = from;
    return value;
  }

  #amf0(marker: number | undefined): Scalar {
    if (marker === 0x00) return this.#double();
    if (marker === 0x01) return this.#take(1) === undefined ? UNREADABLE : this.#bytes[this.#at - 1] !== 0;
    if (marker === 0x05) return null;
    if (marker === 0x06) return undefined;
    const size = marker === 0x02 ? this.#take(2)?.readUInt16BE() : undefined;
    return size === undefined ? UNREADABLE : (this.#take(size)?.toString('utf8') ?? UNREADABLE);
  }

  #amf3(marker: number | undefined): Scalar {
    if (marker === 0x00) return undefined;
    if (marker === 0x01) return null;
    if (marker === 0x02 || marker === 0x03) return marker === 0x03;
    if (marker === 0x05) return this.#double();
    const number = marker === 0x04 || marker === 0x06 ? this.#u29() : undefined;
    if (number === undefined) return UNREADABLE;
    // Integers have 29 bits, the highest of which is the sign.
    return marker === 0x04 ? (number << 3) >> 3 : this.#string(number);
  }

  #string(head: number): Scalar {
    if ((head & 1) === 0) return this.#strings[head >> 1] ?? UNREADABLE;
    const text = this.#take(head >> 1)?.toString('utf8');
    if (text === undefined) return UNREADABLE;
    if (text !== '') this.#strings.push(text);
    return text;
  }

  #double(): Scalar {
    return this.#take(8)?.readDoubleBE() ?? UNREADABLE;
  }

  /** An integer of up to four bytes, seven bits in each but the last. */
  #u29(): number | undefined {
    let value = 0;
    for (let count = 1; count <= 4; count++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return undefined;
      if (count === 4) return (value << 8) | byte;
      value = (value << 7) | (byte & 0x7f);
      if (byte < 0x80) return value;
    }
    return undefined;
  }

  #take(size: number): Buffer | undefined {
    if (this.#at + size > this.#bytes.length) return undefined;
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}
