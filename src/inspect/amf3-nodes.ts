import type { ErrorCode } from '../core/errors.js';
import { type AmfNode, type KeepNode, type Span, u29At } from './amf-node.js';

/** The bytes and the counters of the AMF0 reader around it. Each method ends reading when it has to. */
export interface NodeSource {
  readonly bytes: Buffer;
  /** The next byte. Going back is allowed. */
  at: number;
  readonly left: number;
  take(count: number): Span;
  refuse(at: number, code: ErrorCode, expected: string): never;
  checkDepth(at: number, depth: number): void;
  checkValues(at: number): void;
  countString(length: number): void;
  countKey(): void;
  /** Counts the node and hands it on. */
  keep(node: AmfNode, keep: KeepNode): void;
  /** Most objects that can be referred to. */
  readonly maxObjects: number;
}

interface Traits {
  readonly className: Span;
  readonly names: readonly Span[];
  readonly isDynamic: boolean;
  readonly isWrapper: boolean;
}

interface Entry {
  node: AmfNode | undefined;
  isOpen: boolean;
}

const MAX_STRINGS = 8192;
const WRAPPERS: ReadonlySet<string> = new Set(
  ['ArrayCollection', 'ArrayList', 'ObjectProxy'].map((name) => `flex.messaging.io.${name}`),
);
const SIMPLE = ['undefined', 'null', 'boolean', 'boolean'] as const;
/** Bytes of an item, at least, of each collection that has one byte of flags: vectors and dictionaries. */
const ITEM_BYTES: Readonly<Record<number, number>> = { 13: 4, 14: 4, 15: 8, 16: 1, 17: 2 };

/** Reads the AMF3 values of one message (AMF 3 §3) with the positions of their parts. */
export class Amf3Nodes {
  readonly #source: NodeSource;
  readonly #strings: Span[] = [];
  readonly #objects: Entry[] = [];
  readonly #traits: Traits[] = [];

  constructor(source: NodeSource) {
    this.#source = source;
  }

  /** Reads the value whose marker comes next. */
  read(depth: number, keep: KeepNode): void {
    const source = this.#source;
    const { at } = source;
    const { at: value } = source.take(1);
    const marker = source.bytes[value]!;
    source.checkValues(at);
    if (marker > 0x11) source.refuse(at, 'ERR_AMF_MARKER', 'a marker of AMF3: 00 to 11');
    if (marker <= 0x03) {
      this.#leaf(SIMPLE[marker]!, at, { at, end: at + 1 }, keep, 'marker');
    } else if (marker === 0x05) {
      this.#leaf('number', at, source.take(8), keep);
    } else if (marker === 0x06) {
      const text = this.#text();
      source.countString(text.end - text.at);
      this.#leaf('string', at, text, keep);
    } else {
      const head = this.#u29();
      const span = { at: value + 1, end: source.at };
      if (marker === 0x04) this.#leaf('number', at, span, keep, 'u29');
      else if (head % 2 === 0) this.#refer(at, span, head / 2, keep);
      else this.#complex(marker, at, head, depth, keep);
    }
  }

  #leaf(kind: AmfNode['kind'], at: number, value: Span, keep: KeepNode, as?: AmfNode['as']): void {
    this.#source.keep({ kind, at, value, entries: [], items: [], ...(as === undefined ? {} : { as }) }, keep);
  }

  #refer(at: number, value: Span, index: number, keep: KeepNode): void {
    const entry = this.#objects[index];
    if (entry === undefined || entry.isOpen)
      this.#source.refuse(at, 'ERR_AMF_REFERENCE', 'the number of an object before this one');
    const { node } = entry;
    if (node?.kind === 'string') this.#source.countString(node.value.end - node.value.at);
    if (node === undefined || node.items.length + node.entries.length > 0 || node.kind === 'object')
      this.#leaf('reference', at, value, keep, 'u29');
    else this.#source.keep(node, keep);
  }

  #complex(marker: number, at: number, head: number, depth: number, keep: KeepNode): void {
    const source = this.#source;
    if (this.#objects.length === source.maxObjects)
      source.refuse(at, 'ERR_AMF_VALUES', `at most ${source.maxObjects} objects (limits.amfValues)`);
    const entry: Entry = { node: undefined, isOpen: true };
    this.#objects.push(entry);
    const kept: KeepNode = (node) => {
      entry.node = node;
      keep(node);
    };
    const size = (head - 1) / 2;
    if (marker === 0x08) this.#leaf('date', at, source.take(8), kept);
    else if (marker === 0x0c) this.#leaf('bytes', at, source.take(size), kept);
    else if (marker === 0x07 || marker === 0x0b) {
      const text = source.take(size);
      source.countString(size);
      this.#leaf('string', at, text, kept);
    } else if (marker === 0x09) this.#array(at, size, depth, kept);
    else if (marker === 0x0a) this.#object(at, head, depth, kept);
    else this.#collection(marker, at, size, depth, kept);
    entry.isOpen = false;
  }

  #open(kind: 'object' | 'array', at: number, depth: number, keep: KeepNode, className?: Span): AmfNode {
    const source = this.#source;
    source.checkDepth(at, depth);
    const value = { at: source.at, end: source.at };
    const node: AmfNode = { kind, at, value, entries: [], items: [], ...(className && { className }) };
    source.keep(node, keep);
    return node;
  }

  #items(node: AmfNode, count: number, depth: number): void {
    for (let i = 0; i < count; i++) this.read(depth + 1, (item) => node.items.push(item));
  }

  #array(at: number, count: number, depth: number, keep: KeepNode): void {
    this.#checkCount(at, count, 1);
    const node = this.#open(this.#beginsWithKey() ? 'object' : 'array', at, depth, keep);
    this.#members(node, depth);
    this.#items(node, count, depth);
  }

  #object(at: number, head: number, depth: number, keep: KeepNode): void {
    const traits = head % 4 === 1 ? this.#traits[(head - 1) / 4] : this.#newTraits(at, head);
    if (traits === undefined) this.#source.refuse(at, 'ERR_AMF_REFERENCE', 'the number of traits before these');
    if (traits.isWrapper) {
      this.read(depth, keep);
      return;
    }
    const node = this.#open('object', at, depth, keep, traits.className);
    for (const name of traits.names) this.#member(node, name, depth);
    if (traits.isDynamic) this.#members(node, depth);
  }

  #newTraits(at: number, head: number): Traits {
    const source = this.#source;
    const className = this.#text();
    source.countString(className.end - className.at);
    const isWrapper = (head & 4) !== 0;
    if (isWrapper && !WRAPPERS.has(source.bytes.toString('latin1', className.at, className.end)))
      source.refuse(at, 'ERR_AMF_EXTERNALIZABLE', 'a class whose members stand in the message');
    const count = isWrapper ? 0 : Math.floor(head / 16);
    this.#checkCount(at, count, 1);
    const names: Span[] = [];
    for (let i = 0; i < count; i++) names.push(this.#text());
    const traits = { className, names, isDynamic: (head & 8) !== 0, isWrapper };
    this.#traits.push(traits);
    return traits;
  }

  #collection(marker: number, at: number, count: number, depth: number, keep: KeepNode): void {
    const source = this.#source;
    source.take(1);
    const className = marker === 0x10 ? this.#text() : undefined;
    if (className !== undefined) source.countString(className.end - className.at);
    const size = ITEM_BYTES[marker]!;
    this.#checkCount(at, count, size);
    const node = this.#open('array', at, depth, keep, className);
    if (marker >= 0x10) this.#items(node, marker === 0x10 ? count : count * 2, depth);
    else {
      const as = ({ 13: 'int32', 14: 'uint32' } as const)[marker];
      for (let i = 0; i < count; i++) {
        source.checkValues(source.at);
        this.#leaf('number', source.at, source.take(size), (item) => node.items.push(item), as);
      }
    }
  }

  #members(node: AmfNode, depth: number): void {
    for (let name = this.#text(); name.end > name.at; name = this.#text()) this.#member(node, name, depth);
  }

  #member(node: AmfNode, key: Span, depth: number): void {
    this.#source.countKey();
    this.#source.countString(key.end - key.at);
    this.read(depth + 1, (member) => node.entries.push({ key, node: member }));
  }

  #checkCount(at: number, count: number, size: number): void {
    const most = Math.floor(this.#source.left / size);
    if (count > most)
      this.#source.refuse(at, 'ERR_AMF_COUNT', `a count of at most ${most}, for the bytes that are left`);
  }

  /** Whether an array has a key, as far as its bytes show. */
  #beginsWithKey(): boolean {
    const { bytes, at } = this.#source;
    const head = u29At(bytes, at);
    return head !== undefined && head.value !== 1;
  }

  #text(): Span {
    const source = this.#source;
    const { at } = source;
    const head = this.#u29();
    if (head % 2 === 0)
      return (
        this.#strings[head / 2] ?? source.refuse(at, 'ERR_AMF_REFERENCE', 'the number of a string before this one')
      );
    const text = source.take((head - 1) / 2);
    if (text.end > text.at && this.#strings.length < MAX_STRINGS) this.#strings.push(text);
    return text;
  }

  #u29(): number {
    const source = this.#source;
    const head = u29At(source.bytes, source.at);
    if (head === undefined) {
      source.take(source.left + 1);
      return 0;
    }
    source.take(head.bytes);
    return head.value;
  }
}
