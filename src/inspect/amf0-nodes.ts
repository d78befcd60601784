import type { ErrorCode } from '../core/errors.js';
import type { CodecLimits } from '../wasm/limits.js';
import type { AmfNode, KeepNode, Span } from './amf-node.js';
import { Amf3Nodes, type NodeSource } from './amf3-nodes.js';

export type { AmfNode, Span } from './amf-node.js';

/** Why reading stopped before the end. */
interface AmfProblem {
  /** Position of the first byte that does not fit. */
  readonly at: number;
  readonly code: ErrorCode;
  /** What was expected at that position. */
  readonly expected: string;
}

/** What was read of a message. */
export interface AmfReading {
  readonly nodes: AmfNode[];
  /** Set when a rule or a limit was broken. */
  readonly problem: AmfProblem | undefined;
  /** Position at which the last value was cut off by the end of the bytes; undefined when all values are complete. */
  readonly cutAt: number | undefined;
}

/** The limits that bound one message's values. */
type AmfLimits = Pick<CodecLimits, 'amfDepth' | 'amfValues' | 'amfKeys' | 'amfStringBytes'>;

/**
 * Reads the AMF values of a message (AMF 0 §2; AMF 3 §3 behind marker 11) with the positions of all their parts. It
 * accepts and refuses what the server's scanner does; it is plain instead of fast.
 *
 * @param bytes borrowed; nothing of them is copied
 * @param start where the first value begins
 * @returns what could be read; it never throws
 */
export function readAmfNodes(bytes: Buffer, start: number, limits: AmfLimits): AmfReading {
  const reader = new Reader(bytes, start, limits);
  try {
    reader.readAll();
  } catch (stop) {
    if (stop instanceof Refused) return { nodes: reader.nodes, problem: stop.problem, cutAt: undefined };
    if (stop instanceof Cut) return { nodes: reader.nodes, problem: undefined, cutAt: stop.at };
    throw stop;
  }
  return { nodes: reader.nodes, problem: undefined, cutAt: undefined };
}

/** Ends reading: a rule or a limit was broken. */
class Refused extends Error {
  readonly problem: AmfProblem;
  constructor(problem: AmfProblem) {
    super(problem.code);
    this.problem = problem;
  }
}

/** Ends reading: the bytes are over in the middle of a value. */
class Cut extends Error {
  readonly at: number;
  constructor(at: number) {
    super('cut');
    this.at = at;
  }
}

const OBJECT_END = 0x09;

class Reader implements NodeSource {
  readonly nodes: AmfNode[] = [];
  readonly bytes: Buffer;
  readonly #limits: AmfLimits;
  at: number;
  #values = 0;
  #keys = 0;
  #stringBytes = 0;
  readonly #amf3 = new Amf3Nodes(this);
  /** Objects and arrays in the order of their beginnings; references count them. */
  readonly #containers: { isOpen: boolean }[] = [];

  constructor(bytes: Buffer, start: number, limits: AmfLimits) {
    this.bytes = bytes;
    this.at = start;
    this.#limits = limits;
  }

  readAll(): void {
    while (this.at < this.bytes.length) this.#read(0, (node) => this.nodes.push(node));
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /**
   * @param keep takes the node as soon as it exists, so that a value that is cut off later keeps what is complete of it
   */
  #read(depth: number, keep: KeepNode): void {
    const at = this.at;
    const marker = this.bytes[this.take(1).at]!;
    this.checkValues(at);
    const simple = (kind: AmfNode['kind'], size: number): void => {
      this.keep({ kind, at, value: this.take(size), entries: [], items: [] }, keep);
    };
    switch (marker) {
      case 0x00:
        simple('number', 8);
        return;
      case 0x01:
        simple('boolean', 1);
        return;
      case 0x02:
        this.#string(at, this.bytes.readUInt16BE(this.take(2).at), keep);
        return;
      case 0x0c:
      case 0x0f:
        this.#string(at, this.bytes.readUInt32BE(this.take(4).at), keep);
        return;
      case 0x05:
        simple('null', 0);
        return;
      case 0x06:
      case 0x0d:
        simple('undefined', 0);
        return;
      case 0x07:
        this.#reference(at, keep);
        return;
      case 0x0b:
        simple('date', 10);
        return;
      case 0x08:
        this.take(4);
        this.#object(at, depth, keep);
        return;
      case 0x10:
        this.#className();
        this.#object(at, depth, keep);
        return;
      case 0x03:
        this.#object(at, depth, keep);
        return;
      case 0x0a:
        this.#array(at, depth, keep);
        return;
      case 0x11:
        this.#switched(depth, keep);
        return;
      default:
        this.refuse(at, 'ERR_AMF_MARKER', 'a marker of AMF0: 00 to 03, 05 to 08, 0a to 0d, or 0f to 11');
        return;
    }
  }

  #string(at: number, length: number, keep: KeepNode): void {
    if (length > this.left) throw new Cut(this.at);
    this.countString(length);
    this.keep({ kind: 'string', at, value: this.take(length), entries: [], items: [] }, keep);
  }

  #reference(at: number, keep: KeepNode): void {
    const value = this.take(2);
    if (this.#containers[this.bytes.readUInt16BE(value.at)]?.isOpen !== false)
      this.refuse(value.at, 'ERR_AMF_REFERENCE', 'the number of an object or array before this one');
    this.keep({ kind: 'reference', at, value, entries: [], items: [] }, keep);
  }

  #className(): void {
    const length = this.bytes.readUInt16BE(this.take(2).at);
    if (length <= this.left) this.countString(length);
    this.take(length);
  }

  #object(at: number, depth: number, keep: KeepNode): void {
    this.checkDepth(at, depth);
    const node: AmfNode = { kind: 'object', at, value: { at: this.at, end: this.at }, entries: [], items: [] };
    const container = this.#open(node, keep);
    while (this.left > 0) {
      const length = this.bytes.readUInt16BE(this.take(2).at);
      if (length > this.left) throw new Cut(this.at);
      if (length === 0 && (this.left === 0 || this.bytes[this.at] === OBJECT_END)) {
        this.at = Math.min(this.at + 1, this.bytes.length);
        break;
      }
      this.countKey();
      this.countString(length);
      const key = this.take(length);
      this.#read(depth + 1, (member) => node.entries.push({ key, node: member }));
    }
    container.isOpen = false;
  }

  #array(at: number, depth: number, keep: KeepNode): void {
    const count = this.bytes.readUInt32BE(this.take(4).at);
    if (count > this.left)
      this.refuse(this.at - 4, 'ERR_AMF_COUNT', `a count of at most ${this.left}, the bytes that are left`);
    this.checkDepth(at, depth);
    const node: AmfNode = { kind: 'array', at, value: { at: this.at, end: this.at }, entries: [], items: [] };
    const container = this.#open(node, keep);
    for (let index = 0; index < count; index++) this.#read(depth + 1, (item) => node.items.push(item));
    container.isOpen = false;
  }

  /** One AMF3 value. When it is not complete, reading has stopped at its marker: text in it may belong to no node. */
  #switched(depth: number, keep: KeepNode): void {
    const { at } = this;
    let isKept = false;
    try {
      this.#amf3.read(depth, (node) => {
        isKept = true;
        keep(node);
      });
    } catch (stop) {
      if (isKept) throw stop;
      if (stop instanceof Refused) throw new Refused({ ...stop.problem, at });
      throw stop instanceof Cut ? new Cut(at) : stop;
    }
  }

  get maxObjects(): number {
    return this.#limits.amfValues;
  }

  checkValues(at: number): void {
    if (this.#values === this.#limits.amfValues)
      this.refuse(at, 'ERR_AMF_VALUES', `at most ${this.#values} values (limits.amfValues)`);
  }

  countKey(): void {
    if (++this.#keys > this.#limits.amfKeys)
      this.refuse(this.at, 'ERR_AMF_KEYS', `at most ${this.#limits.amfKeys} keys (limits.amfKeys)`);
  }

  checkDepth(at: number, depth: number): void {
    if (depth === this.#limits.amfDepth)
      this.refuse(at, 'ERR_AMF_DEPTH', `at most ${depth} containers in each other (limits.amfDepth)`);
  }

  #open(node: AmfNode, keep: KeepNode): { isOpen: boolean } {
    const container = { isOpen: true };
    this.#containers.push(container);
    this.keep(node, keep);
    return container;
  }

  keep(node: AmfNode, keep: KeepNode): void {
    this.#values++;
    keep(node);
  }

  countString(length: number): void {
    this.#stringBytes += length;
    const most = this.#limits.amfStringBytes;
    if (this.#stringBytes > most)
      this.refuse(this.at, 'ERR_AMF_STRING_BYTES', `strings of at most ${most} bytes in sum (limits.amfStringBytes)`);
  }

  take(count: number): Span {
    if (this.left < count) throw new Cut(this.at);
    const at = this.at;
    this.at += count;
    return { at, end: this.at };
  }

  refuse(at: number, code: ErrorCode, expected: string): never {
    throw new Refused({ at, code, expected });
  }
}
