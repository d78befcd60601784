import * as C from '../../assembly/constants.js';
import type { AmfObject, AmfValue } from '../../src/wasm/amf-value.js';
import type { CodecLimits } from '../../src/wasm/limits.js';

/** Takes a value as soon as it exists; `textBytes` is the length of a string as it was sent. */
export type Keep = (value: AmfValue, textBytes?: number) => void;

/** The bytes and the counters of the AMF0 reader around it. */
export interface Source {
  readonly limits: CodecLimits;
  /** Bytes that are left. */
  readonly left: number;
  /** Throws when there are not as many. */
  take(count: number): Buffer;
  /** Goes back by so many bytes. */
  back(count: number): void;
  refuse(code: number): never;
  checkValues(): void;
  countString(bytes: number): void;
  countKey(): void;
  /** Counts the value and hands it on. */
  keep(value: AmfValue, keep: Keep, textBytes?: number): void;
}

interface Entry {
  value: AmfValue;
  textBytes: number | undefined;
  open: boolean;
}

interface Traits {
  readonly names: readonly Buffer[];
  readonly isDynamic: boolean;
  readonly isWrapper: boolean;
}

const WRAPPERS = ['ArrayCollection', 'ArrayList', 'ObjectProxy'].map((name) => `flex.messaging.io.${name}`);

/** Recursive AMF3 reader (AMF 3 §3), the oracle for the iterative scanner. One serves one message. */
export class Amf3Reader {
  readonly #source: Source;
  readonly #strings: Buffer[] = [];
  readonly #objects: Entry[] = [];
  readonly #traits: Traits[] = [];

  constructor(source: Source) {
    this.#source = source;
  }

  value(depth: number, keep: Keep): unknown {
    const source = this.#source;
    const marker = source.take(1)[0]!;
    source.checkValues();
    if (marker > 0x11) source.refuse(C.ERR_AMF_MARKER);
    const simple: readonly AmfValue[] = [undefined, null, false, true];
    if (marker < 0x04) return source.keep(simple[marker], keep);
    if (marker === 0x05) return source.keep(source.take(8).readDoubleBE(), keep);
    if (marker === 0x06) {
      const bytes = this.#text();
      source.countString(bytes.length);
      return source.keep(bytes.toString('utf8'), keep, bytes.length);
    }
    const head = this.#u29();
    if (marker === 0x04) return source.keep(head >= 2 ** 28 ? head - 2 ** 29 : head, keep);
    if (head % 2 === 0) return this.#refer(head / 2, keep);
    this.#complex(marker, head, depth, keep);
    return undefined;
  }

  #complex(marker: number, head: number, depth: number, keep: Keep): void {
    const source = this.#source;
    if (this.#objects.length === source.limits.amfValues) source.refuse(C.ERR_AMF_VALUES);
    const entry: Entry = { value: undefined, textBytes: undefined, open: true };
    this.#objects.push(entry);
    const kept: Keep = (value, textBytes) => {
      entry.value = value;
      entry.textBytes = textBytes;
      keep(value, textBytes);
    };
    const size = (head - 1) / 2;
    if (marker === 0x08) source.keep(new Date(source.take(8).readDoubleBE()), kept);
    else if (marker === 0x0c) source.keep(Buffer.from(source.take(size)), kept);
    else if (marker === 0x07 || marker === 0x0b) {
      const bytes = source.take(size);
      source.countString(size);
      source.keep(bytes.toString('utf8'), kept, size);
    } else if (marker === 0x09) this.#array(size, depth, kept);
    else if (marker === 0x0a) this.#object(head, depth, kept);
    else this.#collection(marker, size, depth, kept);
    entry.open = false;
  }

  #refer(index: number, keep: Keep): unknown {
    const entry = this.#objects[index];
    if (entry === undefined || entry.open) return this.#source.refuse(C.ERR_AMF_REFERENCE);
    if (entry.textBytes !== undefined) this.#source.countString(entry.textBytes);
    this.#source.keep(entry.value, keep, entry.textBytes);
  }

  #array(count: number, depth: number, keep: Keep): unknown {
    const source = this.#source;
    if (count > source.left) source.refuse(C.ERR_AMF_COUNT);
    const ahead = this.#peekText();
    this.#checkDepth(depth);
    if (ahead === 'cut' || ahead === 'empty') {
      const list: AmfValue[] = [];
      source.keep(list, keep);
      this.#text();
      for (let i = 0; i < count; i++) this.value(depth + 1, (value) => list.push(value));
      return;
    }
    const object = Object.create(null) as AmfObject;
    source.keep(object, keep);
    this.#members(object, depth);
    for (let i = 0; i < count; i++) {
      this.value(depth + 1, (value) => {
        object[String(i)] = value;
      });
    }
  }

  #object(head: number, depth: number, keep: Keep): unknown {
    const traits = head % 4 === 1 ? this.#traits[(head - 1) / 4] : this.#newTraits(head);
    if (traits === undefined) return this.#source.refuse(C.ERR_AMF_REFERENCE);
    if (traits.isWrapper) return this.value(depth, keep);
    this.#checkDepth(depth);
    const object = Object.create(null) as AmfObject;
    this.#source.keep(object, keep);
    for (const name of traits.names) this.#member(object, name, depth);
    if (traits.isDynamic) this.#members(object, depth);
  }

  #newTraits(head: number): Traits {
    const source = this.#source;
    const name = this.#text();
    source.countString(name.length);
    const isExternal = (head & 4) !== 0;
    if (isExternal && !WRAPPERS.includes(name.toString('latin1'))) source.refuse(C.ERR_AMF_EXTERNALIZABLE);
    const count = isExternal ? 0 : Math.floor(head / 16);
    if (count > source.left) source.refuse(C.ERR_AMF_COUNT);
    const names: Buffer[] = [];
    for (let i = 0; i < count; i++) names.push(this.#text());
    const traits = { names, isDynamic: (head & 8) !== 0, isWrapper: isExternal };
    this.#traits.push(traits);
    return traits;
  }

  #collection(marker: number, count: number, depth: number, keep: Keep): void {
    const source = this.#source;
    source.take(1);
    if (marker === 0x10) source.countString(this.#text().length);
    const each = { 13: 4, 14: 4, 15: 8, 16: 1, 17: 2 }[marker]!;
    if (count > Math.floor(source.left / each)) source.refuse(C.ERR_AMF_COUNT);
    this.#checkDepth(depth);
    const list: AmfValue[] = [];
    source.keep(list, keep);
    const add = (value: AmfValue): unknown => list.push(value);
    for (let i = 0; i < count; i++) {
      if (marker === 0x10) this.value(depth + 1, add);
      else if (marker === 0x11) {
        let key: AmfValue;
        this.value(depth + 1, (value) => {
          key = value;
        });
        this.value(depth + 1, (value) => list.push([key, value]));
      } else {
        source.checkValues();
        const bytes = source.take(each);
        if (marker === 0x0f) source.keep(bytes.readDoubleBE(), add);
        else source.keep(marker === 0x0d ? bytes.readInt32BE() : bytes.readUInt32BE(), add);
      }
    }
  }

  #members(object: AmfObject, depth: number): void {
    for (;;) {
      const name = this.#text();
      if (name.length === 0) return;
      this.#member(object, name, depth);
    }
  }

  #member(object: AmfObject, name: Buffer, depth: number): void {
    this.#source.countKey();
    this.#source.countString(name.length);
    const key = name.toString('utf8');
    this.value(depth + 1, (value) => {
      if (key !== '__proto__') object[key] = value;
    });
  }

  #checkDepth(depth: number): void {
    if (depth === this.#source.limits.amfDepth) this.#source.refuse(C.ERR_AMF_DEPTH);
  }

  /** What the next string is, without reading it. */
  #peekText(): 'cut' | 'empty' | 'other' {
    const source = this.#source;
    const before = source.left;
    try {
      const head = this.#u29();
      if (head === 1) return 'empty';
      return head % 2 === 1 && (head - 1) / 2 > source.left ? 'cut' : 'other';
    } catch {
      return 'cut';
    } finally {
      source.back(before - source.left);
    }
  }

  #text(): Buffer {
    const head = this.#u29();
    if (head % 2 === 0) return this.#strings[head / 2] ?? this.#source.refuse(C.ERR_AMF_REFERENCE);
    const bytes = Buffer.from(this.#source.take((head - 1) / 2));
    if (bytes.length > 0 && this.#strings.length < C.AMF3_MAX_STRINGS) this.#strings.push(bytes);
    return bytes;
  }

  #u29(): number {
    let value = 0;
    for (let i = 0; i < 3; i++) {
      const byte = this.#source.take(1)[0]!;
      value = value * 128 + (byte % 128);
      if (byte < 128) return value;
    }
    return value * 256 + this.#source.take(1)[0]!;
  }
}
