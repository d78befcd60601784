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

/** Reads every AMF0 value in `bytes`; throws on a marker it does not know. */
export function readAmf(bytes: Buffer): Amf[] {
  let at = 0;
  const readText = (): string => {
    const length = bytes.readUInt16BE(at);
    at += 2 + length;
    return bytes.toString('utf8', at - length, at);
  };
  const readBody = (): Record<string, Amf> => {
    const out: Record<string, Amf> = {};
    for (;;) {
      const key = readText();
      if (key === '' && bytes[at] === 9) {
        at++;
        return out;
      }
      out[key] = readValue();
    }
  };
  const readValue = (): Amf => {
    const marker = bytes.readUInt8(at++);
    switch (marker) {
      case 0:
        at += 8;
        return bytes.readDoubleBE(at - 8);
      case 1:
        return bytes.readUInt8(at++) !== 0;
      case 2:
        return readText();
      case 3:
        return readBody();
      case 5:
        return null;
      case 6:
        return undefined;
      case 8:
        at += 4;
        return readBody();
      case 10: {
        const count = bytes.readUInt32BE(at);
        at += 4;
        return Array.from({ length: count }, readValue);
      }
      default:
        throw new Error(`AMF0 marker ${marker} at ${at - 1}`);
    }
  };
  const out: Amf[] = [];
  while (at < bytes.length) out.push(readValue());
  return out;
}
