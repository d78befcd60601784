import { SluiceError } from '../../../src/core/errors.js';
import type { AmfObject, AmfValue } from '../../../src/protocol/messages/amf0-writer.js';

const MAX_DEPTH = 32;

/** A slow and plain AMF0 reader for tests: every value of `payload`, from its first byte. */
export function decodeAmf0(payload: Uint8Array): AmfValue[] {
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
