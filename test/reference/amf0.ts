import * as C from '../../assembly/constants.js';
import type { AmfObject, AmfValue } from '../../src/wasm/amf-value.js';
import type { CodecLimits } from '../../src/wasm/limits.js';
import { Amf3Reader, type Keep, type Source } from './amf3.js';

/** The values, or the negative code of the first broken rule. */
export type ReferenceAmf = { readonly values: AmfValue[]; readonly truncated: boolean } | { readonly error: number };

class Refused extends Error {
  readonly code: number;
  constructor(code: number) {
    super(String(code));
    this.code = code;
  }
}

class Cut extends Error {}

/**
 * Recursive reader of AMF0 (AMF 0 §2), with AMF3 behind marker 11, the oracle for the iterative scanner. Not for
 * untrusted input without its limits.
 */
export function readAmf0(bytes: Uint8Array, limits: CodecLimits): ReferenceAmf {
  const reader = new Reader(Buffer.from(bytes), limits);
  try {
    return reader.all();
  } catch (error) {
    if (error instanceof Refused) return { error: error.code };
    throw error;
  }
}

class Reader implements Source {
  readonly #b: Buffer;
  readonly limits: CodecLimits;
  #p = 0;
  #values = 0;
  #keys = 0;
  #strings = 0;
  readonly #amf3 = new Amf3Reader(this);
  readonly #complex: { value: AmfValue; open: boolean }[] = [];

  constructor(b: Buffer, limits: CodecLimits) {
    this.#b = b;
    this.limits = limits;
  }

  all(): ReferenceAmf {
    const values: AmfValue[] = [];
    try {
      while (this.#p < this.#b.length) this.#value(0, (value) => values.push(value));
    } catch (error) {
      if (!(error instanceof Cut)) throw error;
      return { values, truncated: true };
    }
    return { values, truncated: false };
  }

  get left(): number {
    return this.#b.length - this.#p;
  }

  back(count: number): void {
    this.#p -= count;
  }

  refuse(code: number): never {
    throw new Refused(code);
  }

  checkValues(): void {
    if (this.#values === this.limits.amfValues) throw new Refused(C.ERR_AMF_VALUES);
  }

  countKey(): void {
    if (++this.#keys > this.limits.amfKeys) throw new Refused(C.ERR_AMF_KEYS);
  }

  keep(value: AmfValue, keep: Keep, textBytes?: number): void {
    this.#values++;
    keep(value, textBytes);
  }

  take(n: number): Buffer {
    if (this.#b.length - this.#p < n) throw new Cut();
    this.#p += n;
    return this.#b.subarray(this.#p - n, this.#p);
  }

  countString(n: number): void {
    this.#strings += n;
    if (this.#strings > this.limits.amfStringBytes) throw new Refused(C.ERR_AMF_STRING_BYTES);
  }

  /** True always; `keep` is called as soon as the value exists, so that a cut later keeps what is complete. */
  #value(depth: number, keep: (value: AmfValue) => void): boolean {
    const marker = this.take(1)[0];
    this.checkValues();
    switch (marker) {
      case 0x00:
        return this.#keep(this.take(8).readDoubleBE(), keep);
      case 0x01:
        return this.#keep(this.take(1)[0] !== 0, keep);
      case 0x02:
      case 0x0c:
      case 0x0f: {
        const length = marker === 0x02 ? this.take(2).readUInt16BE() : this.take(4).readUInt32BE();
        if (length > this.#b.length - this.#p) throw new Cut();
        this.countString(length);
        return this.#keep(this.take(length).toString('utf8'), keep);
      }
      case 0x05:
        return this.#keep(null, keep);
      case 0x06:
      case 0x0d:
        return this.#keep(undefined, keep);
      case 0x07: {
        const target = this.#complex[this.take(2).readUInt16BE()];
        if (target === undefined || target.open) throw new Refused(C.ERR_AMF_REFERENCE);
        return this.#keep(target.value, keep);
      }
      case 0x0b:
        return this.#keep(new Date(this.take(10).readDoubleBE()), keep);
      case 0x08:
        this.take(4);
        return this.#object(depth, keep);
      case 0x10: {
        const name = this.take(2).readUInt16BE();
        this.countString(name <= this.#b.length - this.#p ? name : 0);
        this.take(name);
        return this.#object(depth, keep);
      }
      case 0x03:
        return this.#object(depth, keep);
      case 0x0a:
        return this.#array(depth, keep);
      case 0x11:
        this.#amf3.value(depth, keep);
        return true;
      default:
        throw new Refused(C.ERR_AMF_MARKER);
    }
  }

  #keep(value: AmfValue, keep: (value: AmfValue) => void): boolean {
    this.#values++;
    keep(value);
    return true;
  }

  #object(depth: number, keep: (value: AmfValue) => void): boolean {
    if (depth === this.limits.amfDepth) throw new Refused(C.ERR_AMF_DEPTH);
    const object = Object.create(null) as AmfObject;
    const entry = { value: object, open: true };
    this.#complex.push(entry);
    this.#keep(object, keep);
    while (this.#p < this.#b.length) {
      const length = this.take(2).readUInt16BE();
      if (length > this.#b.length - this.#p) throw new Cut();
      if (length === 0 && (this.#p === this.#b.length || this.#b[this.#p] === 9)) {
        this.#p = Math.min(this.#p + 1, this.#b.length);
        break;
      }
      this.countKey();
      this.countString(length);
      const key = this.take(length).toString('utf8');
      this.#value(depth + 1, (value) => {
        if (key !== '__proto__') object[key] = value;
      });
    }
    entry.open = false;
    return true;
  }

  #array(depth: number, keep: (value: AmfValue) => void): boolean {
    const count = this.take(4).readUInt32BE();
    if (count > this.#b.length - this.#p) throw new Refused(C.ERR_AMF_COUNT);
    if (depth === this.limits.amfDepth) throw new Refused(C.ERR_AMF_DEPTH);
    const array: AmfValue[] = [];
    const entry = { value: array, open: true };
    this.#complex.push(entry);
    this.#keep(array, keep);
    for (let index = 0; index < count; index++) this.#value(depth + 1, (value) => array.push(value));
    entry.open = false;
    return true;
  }
}
