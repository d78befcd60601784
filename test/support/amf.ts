import { SluiceError } from '../../src/core/errors.js';
import type { AmfObject, AmfValue } from '../../src/wasm/amf-value.js';

/** An AMF0 value as tests write and read it; objects keep their key order. */
export type Amf = number | boolean | string | null | undefined | Amf[] | { [key: string]: Amf };

/** Marks an object to be written as an ECMA array (marker 08) with the given, possibly wrong, count. */
export class EcmaArray {
  constructor(
    readonly entries: Record<string, Amf>,
    readonly count = Object.keys(entries).length,
  ) {}
}

function text16(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function body(entries: Record<string, Amf>): Buffer {
  const parts = Object.entries(entries).flatMap(([key, value]) => [text16(key), one(value)]);
  return Buffer.concat([...parts, Buffer.from([0, 0, 9])]);
}

function one(value: Amf | EcmaArray): Buffer {
  if (value === null) return Buffer.from([5]);
  if (value === undefined) return Buffer.from([6]);
  if (typeof value === 'number') {
    const out = Buffer.alloc(9);
    out.writeDoubleBE(value, 1);
    return out;
  }
  if (typeof value === 'boolean') return Buffer.from([1, value ? 1 : 0]);
  if (typeof value === 'string') return Buffer.concat([Buffer.from([2]), text16(value)]);
  if (Array.isArray(value)) {
    const head = Buffer.from([10, 0, 0, 0, 0]);
    head.writeUInt32BE(value.length, 1);
    return Buffer.concat([head, ...value.map(one)]);
  }
  if (value instanceof EcmaArray) {
    const head = Buffer.from([8, 0, 0, 0, 0]);
    head.writeUInt32BE(value.count, 1);
    return Buffer.concat([head, body(value.entries)]);
  }
  return Buffer.concat([Buffer.from([3]), body(value as Record<string, Amf>)]);
}

/** AMF0 bytes of `values`, one after the other. */
export function amf(...values: (Amf | EcmaArray)[]): Buffer {
  return Buffer.concat(values.map(one));
}

const MAX_DEPTH = 32;

/**
 * Every AMF0 value of `payload`, from its first byte: slow, plain, and apart from the product's scanner. Throws an
 * `ERR_AMF_…` on what is damaged or too deep.
 */
export function readAmf(payload: Uint8Array): AmfValue[] {
  const bytes = Buffer.from(payload);
  let at = 0;

  function take(size: number): number {
    if (at + size > bytes.length) throw new SluiceError('ERR_AMF_TRUNCATED');
    at += size;
    return at - size;
  }
  function text(size: number): string {
    const from = take(size);
    return bytes.toString('utf8', from, from + size);
  }
  function shortText(): string {
    return text(bytes.readUInt16BE(take(2)));
  }
  function properties(depth: number): AmfObject {
    const out = Object.create(null) as AmfObject;
    while (at < bytes.length) {
      const key = shortText();
      if (key === '' && bytes[at] === 9) {
        at += 1;
        break;
      }
      out[key] = value(depth + 1);
    }
    return out;
  }
  function value(depth: number): AmfValue {
    if (depth > MAX_DEPTH) throw new SluiceError('ERR_AMF_DEPTH');
    switch (bytes[take(1)]) {
      case 0x00:
        return bytes.readDoubleBE(take(8));
      case 0x01:
        return bytes[take(1)] !== 0;
      case 0x02:
        return shortText();
      case 0x03:
        return properties(depth);
      case 0x05:
        return null;
      case 0x06:
        return undefined;
      case 0x08:
        take(4);
        return properties(depth);
      case 0x0a: {
        const count = bytes.readUInt32BE(take(4));
        if (count > bytes.length - at) throw new SluiceError('ERR_AMF_COUNT');
        return Array.from({ length: count }, () => value(depth + 1));
      }
      case 0x0b: {
        const ms = bytes.readDoubleBE(take(8));
        take(2);
        return new Date(ms);
      }
      case 0x0c:
        return text(bytes.readUInt32BE(take(4)));
      default:
        throw new SluiceError('ERR_AMF_MARKER');
    }
  }

  const values: AmfValue[] = [];
  while (at < bytes.length) values.push(value(0));
  return values;
}
