import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/core/errors.js';
import { AmfScanner } from '../../../src/wasm/amf-scanner.js';
import type { AmfValue } from '../../../src/wasm/amf-value.js';
import { AmfRefusal } from '../../../src/wasm/errors.js';
import type { CodecLimits } from '../../../src/wasm/limits.js';
import { text3, u29 } from '../../support/protocol/amf3-values.js';
import { hex } from '../../support/protocol/messages.js';

const scanner = new AmfScanner();
const read = (bytes: string): AmfValue[] => scanner.scan(hex(bytes)).values;

function outcome(bytes: Uint8Array, limits?: Partial<CodecLimits>): unknown {
  try {
    return new AmfScanner({ limits }).scan(bytes).values;
  } catch (error) {
    if (error instanceof SluiceError) return error.code;
    throw error;
  }
}

const wrapper = (name: string): string => Buffer.from(text3(`flex.messaging.io.${name}`)).toString('hex');

describe('every type of AMF3', () => {
  it.each<[string, string, AmfValue]>([
    ['undefined', '00', undefined],
    ['null', '01', null],
    ['false', '02', false],
    ['true', '03', true],
    ['an integer', '04 81 00', 128],
    ['the least integer', '04 c0 80 80 00', -(2 ** 28)],
    ['a double', '05 3ff8000000000000', 1.5],
    ['a string', '06 05 c3a9', 'é'],
    ['an XML document', '07 09 3c612f3e', '<a/>'],
    ['XML', '0b 09 3c612f3e', '<a/>'],
    ['a date', '08 01 0000000000000000', new Date(0)],
    ['a dense array', '09 05 01 03 02', [true, false]],
    ['an array with keys only', '09 01 03 61 04 01 01', { a: 1 }],
    ['an array with both', '09 05 03 61 04 01 01 03 02', { 0: true, 1: false, a: 1 }],
    ['an anonymous object', '0a 0b 01 03 61 04 01 01', { a: 1 }],
    ['a sealed object', '0a 23 03 58 03 61 03 62 04 01 04 02', { a: 1, b: 2 }],
    ['a sealed object with more members', '0a 1b 03 58 03 61 04 01 03 62 04 02 01', { a: 1, b: 2 }],
    ['a byte array', '0c 07 010203', Buffer.from([1, 2, 3])],
    ['a vector of ints', '0d 05 00 ffffffff 00000002', [-1, 2]],
    ['a vector of uints', '0e 05 01 ffffffff 00000002', [2 ** 32 - 1, 2]],
    ['a vector of doubles', '0f 03 00 3ff8000000000000', [1.5]],
    ['a vector of objects', '10 05 00 03 58 03 0a 0b 01 01', [true, {}]],
    [
      'a dictionary',
      '11 05 00 06 03 61 04 01 0a 0b 01 01 03',
      [
        ['a', 1],
        [{}, true],
      ],
    ],
    ['an ArrayCollection', `0a 07 ${wrapper('ArrayCollection')} 09 03 01 03`, [true]],
    ['an ArrayList', `0a 07 ${wrapper('ArrayList')} 09 03 01 03`, [true]],
    ['an ObjectProxy', `0a 07 ${wrapper('ObjectProxy')} 0a 0b 01 03 61 03 01`, { a: true }],
  ])('%s is read', (_what, bytes, value) => {
    expect(read(`11 ${bytes}`)).toEqual([value]);
    expect(read(`05 03 000161 11 ${bytes} 000162 05 000009 05`)).toEqual([null, { a: value, b: null }, null]);
  });
});

describe('references of AMF3', () => {
  it('to strings, objects and traits hold for the whole message, and are gone with it', () => {
    expect(read('11 06 03 61 11 06 00')).toEqual(['a', 'a']);
    expect(() => read('11 06 00')).toThrow(expect.objectContaining({ code: 'ERR_AMF_REFERENCE' }));
    expect(read('11 0a 13 03 58 03 61 04 01 11 0a 01 04 02')).toEqual([{ a: 1 }, { a: 2 }]);
    const [first, second] = read('11 0a 0b 01 01 11 0a 00');
    expect(second).toBe(first);
  });

  it('to dates, XML, byte arrays, vectors, dictionaries and what a wrapper holds', () => {
    const values = read('11 08 01 0000000000000000 11 07 03 78 11 0c 03 07 11 0d 01 00 11 11 01 00');
    const again = read(
      `11 08 01 0000000000000000 11 07 03 78 11 0c 03 07 11 0d 01 00 11 11 01 00
       11 08 00 11 07 02 11 0c 04 11 0d 06 11 11 08`.replace(/\s+/g, ' '),
    );
    expect(again).toEqual([...values, ...values]);
    const wrapped = read(`11 0a 07 ${wrapper('ObjectProxy')} 0a 0b 01 01 11 0a 00 11 0a 02`);
    expect(wrapped).toEqual([{}, {}, {}]);
    expect(wrapped[1]).toBe(wrapped[0]);
    expect(read(`11 0a 07 ${wrapper('ObjectProxy')} 06 03 61 11 0a 00`)).toEqual(['a', 'a']);
  });

  it('to what is still open, or to themselves, are refused: they would make a cycle', () => {
    for (const bytes of ['09 03 01 09 00', '0a 0b 01 03 61 0a 00 01', `0a 07 ${wrapper('ObjectProxy')} 0a 00`]) {
      expect(outcome(hex(`11 ${bytes}`))).toBe('ERR_AMF_REFERENCE');
    }
  });

  it('count each time that a string is meant', () => {
    const bytes = Uint8Array.from([0x11, 6, ...text3('x'.repeat(60)), 0x11, 6, 0, 0x11, 6, 0]);
    expect(outcome(bytes, { amfStringBytes: 180 })).toHaveLength(3);
    expect(outcome(bytes, { amfStringBytes: 179 })).toBe('ERR_AMF_STRING_BYTES');
    const xml = hex('11 07 09 3c612f3e 11 07 00');
    expect(outcome(xml, { amfStringBytes: 8 })).toHaveLength(2);
    expect(outcome(xml, { amfStringBytes: 7 })).toBe('ERR_AMF_STRING_BYTES');
  });
});

describe('limits of AMF0 bind AMF3', () => {
  const nested = (levels: number): Uint8Array =>
    Uint8Array.from([0x11, ...Array.from({ length: levels }, () => [9, 3, 1]).flat(), 3]);
  const list = (count: number): Uint8Array =>
    Uint8Array.from([0x11, 9, ...u29((count << 1) | 1), 1, ...new Array(count).fill(3)]);

  it('on depth', () => {
    expect(outcome(nested(5), { amfDepth: 5 })).toEqual([[[[[[true]]]]]]);
    expect(outcome(nested(6), { amfDepth: 5 })).toBe('ERR_AMF_DEPTH');
    expect(outcome(nested(1000))).toBe('ERR_AMF_DEPTH');
    expect(outcome(hex('03 000161 11 09 03 01 03 000009'), { amfDepth: 1 })).toBe('ERR_AMF_DEPTH');
  });

  it('on values, those of vectors too', () => {
    expect(outcome(list(9), { amfValues: 10 })).toEqual([new Array(9).fill(true)]);
    expect(outcome(list(10), { amfValues: 10 })).toBe('ERR_AMF_VALUES');
    const vector = (count: number): Uint8Array =>
      Uint8Array.from([0x11, 0x0d, ...u29((count << 1) | 1), 0, ...new Array(count * 4).fill(0)]);
    expect(outcome(vector(4095))).toEqual([new Array(4095).fill(0)]);
    expect(outcome(vector(4096))).toBe('ERR_AMF_VALUES');
  });

  it('on wrappers in wrappers, which make no values', () => {
    const wrappers = (count: number): Buffer =>
      Buffer.concat([
        hex(`11 0a 07 ${wrapper('ObjectProxy')}`),
        Buffer.alloc((count - 1) * 2, '0a01', 'hex'),
        hex('03'),
      ]);
    expect(outcome(wrappers(4096))).toEqual([true]);
    expect(outcome(wrappers(4097))).toBe('ERR_AMF_VALUES');
  });

  it('on keys, sealed ones each time that they are used', () => {
    const bytes = hex('11 0a 13 03 58 03 61 04 01 11 0a 01 04 02');
    expect(outcome(bytes, { amfKeys: 2 })).toHaveLength(2);
    expect(outcome(bytes, { amfKeys: 1 })).toBe('ERR_AMF_KEYS');
  });

  it('and counts that no message can hold cost nothing', () => {
    for (const bytes of ['09 ff ff ff ff 01', '0d ff ff ff ff 00', '0f 03 00 00', '11 05 00 01', '0a ff ff ff f3 01']) {
      expect(outcome(hex(`11 ${bytes}`))).toBe('ERR_AMF_COUNT');
    }
    expect(scanner.scan(hex('11 06 ff ff ff ff'))).toEqual({ values: [], truncated: true });
    expect(scanner.scan(hex('11 0c ff ff ff ff'))).toEqual({ values: [], truncated: true });
  });
});

describe('what is refused', () => {
  it.each([
    ['a marker that there is not', '12', 'ERR_AMF_MARKER'],
    ['a class that writes itself', '0a 07 03 58 01', 'ERR_AMF_EXTERNALIZABLE'],
    ['one whose name only begins like a known one', `0a 07 ${wrapper('ArrayListX')} 01`, 'ERR_AMF_EXTERNALIZABLE'],
    ['a string that is not there', '06 02', 'ERR_AMF_REFERENCE'],
    ['traits that are not there', '0a 01', 'ERR_AMF_REFERENCE'],
    ['an object that is not there', '0a 00', 'ERR_AMF_REFERENCE'],
  ])('%s has its code', (_what, bytes, code) => {
    expect(outcome(hex(`11 ${bytes}`))).toBe(code);
  });

  it('leaves the simple values before it, so that a command can be answered', () => {
    const refused = (bytes: string): unknown => {
      try {
        return read(bytes);
      } catch (error) {
        return error instanceof AmfRefusal ? error.head : error;
      }
    };
    expect(refused('020001 61 00 4000000000000000 11 12')).toEqual(['a', 2]);
    expect(refused('11 06 03 61 11 04 02 05 11 12')).toEqual(['a', 2]);
    expect(refused('11 06 03 61 11 09 03 01 12')).toEqual(['a']);
    expect(refused('05 11 12')).toEqual([]);
  });

  it('a key __proto__ makes no property and no prototype', () => {
    for (const bytes of [`0a 0b 01 ${Buffer.from(text3('__proto__')).toString('hex')} 0a 01 03 78 03 01 01`]) {
      const [value] = read(`11 ${bytes}`);
      expect(Object.keys(value as object)).toEqual([]);
      expect((value as { x?: unknown }).x).toBeUndefined();
    }
    const sealed = `11 0a 13 01 ${Buffer.from(text3('__proto__')).toString('hex')} 09 01 03 78 03 01`;
    expect(Object.keys(read(sealed)[0] as object)).toEqual([]);
    const mixed = `11 09 03 ${Buffer.from(text3('__proto__')).toString('hex')} 03 01 03`;
    expect(read(mixed)).toEqual([{ 0: true }]);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});
