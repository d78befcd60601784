import { describe, expect, it } from 'vitest';
import * as C from '../../../assembly/constants.js';
import { ERRORS, type ErrorCode, SluiceError } from '../../../src/core/errors.js';
import { AmfScanner } from '../../../src/wasm/amf-scanner.js';
import { codecError, WASM_ERRORS } from '../../../src/wasm/errors.js';
import type { CodecLimits } from '../../../src/wasm/limits.js';

const scanner = new AmfScanner({ maxBytes: 1 << 20 });

function codeOf(bytes: Uint8Array, limits?: Partial<CodecLimits>): ErrorCode | undefined {
  try {
    (limits === undefined ? scanner : new AmfScanner({ limits })).scan(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof SluiceError) return error.code;
    throw error;
  }
}

const bytes = (text: string): Buffer => Buffer.from(text.replace(/\s+/g, ''), 'hex');
const nested = (opening: string, depth: number): Buffer => bytes(opening.repeat(depth));

describe('AMF0 values', () => {
  it.each([
    ['number', '00 3FF8000000000000', 1.5],
    ['boolean', '01 01', true],
    ['string', '02 0003 C3A961', 'éa'],
    ['string of 30 bytes', `02 001E ${'61'.repeat(30)}`, 'a'.repeat(30)],
    ['null', '05', null],
    ['undefined', '06', undefined],
    ['unsupported', '0D', undefined],
    ['date', '0B 42786F2F3DC00000 0000', new Date(bytes('42786F2F3DC00000').readDoubleBE())],
    ['long string', '0C 00000002 6869', 'hi'],
    ['XML document', '0F 00000004 3C612F3E', '<a/>'],
    ['strict array', '0A 00000002 05 01 00', [null, false]],
    ['object', '03 0001 61 05 000009', { a: null }],
    ['typed object', '10 0003 466F6F 0001 61 05 000009', { a: null }],
    ['ECMA array with count 0', '08 00000000 0001 61 05 000009', { a: null }],
    ['ECMA array with count FFFFFFFF', '08 FFFFFFFF 0001 61 05 000009', { a: null }],
    ['object without its end', '03 0001 61 05', { a: null }],
    ['object whose end lacks the marker', '03 0001 61 05 0000', { a: null }],
    ['object with a key twice', '03 0001 61 05 0001 61 0101 000009', { a: true }],
  ])('reads a %s', (_, text, value) => {
    const { values, truncated } = scanner.scan(bytes(text));
    expect(values).toEqual([value]);
    expect(truncated).toBe(false);
  });

  it('reads references to what was complete before', () => {
    const [first, second] = scanner.scan(bytes('03 0001 61 05 000009 07 0000')).values;
    expect(second).toBe(first);
  });

  it('keeps __proto__ away from every prototype', () => {
    const [object] = scanner.scan(
      bytes('03 0009 5F5F70726F746F5F5F 03 0008 706F6C6C75746564 0101 000009 0001 61 05 000009'),
    ).values;
    const prototype: unknown = Object.getPrototypeOf(object);
    expect([
      Object.getPrototypeOf(prototype),
      Object.isFrozen(prototype),
      Reflect.ownKeys(prototype as object),
    ]).toEqual([null, true, []]);
    for (const name of ['toString', 'constructor', '__proto__']) expect(name in (object as object)).toBe(false);
    expect(Object.keys(object as object)).toEqual(['a']);
    expect(({} as Record<string, unknown>)['polluted']).toBe(undefined);
  });

  it('keeps what is complete of a value that is cut off', () => {
    expect(scanner.scan(bytes('02 0002 6869 03 0001 61 05 0001 62 02 0009 63'))).toEqual({
      values: ['hi', { a: null }],
      truncated: true,
    });
    expect(scanner.scan(bytes('0A 00000002 05 02'))).toEqual({ values: [[null]], truncated: true });
  });
});

describe('hostile AMF0', () => {
  it.each<[string, Buffer, ErrorCode]>([
    ['70,000 nested strict arrays', nested('0A 00000001', 70_000), 'ERR_AMF_DEPTH'],
    ['70,000 nested objects', nested('03 0001 61', 70_000), 'ERR_AMF_DEPTH'],
    ['a strict array that claims FFFFFFFF values', bytes('0A FFFFFFFF'), 'ERR_AMF_COUNT'],
    ['a reference to nothing', bytes('07 0000'), 'ERR_AMF_REFERENCE'],
    ['a reference to the object around it', bytes('03 0001 61 07 0000 000009'), 'ERR_AMF_REFERENCE'],
    ['an AMF3 object of an unknown class that writes itself', bytes('11 0A 07 03 58'), 'ERR_AMF_EXTERNALIZABLE'],
    ['a movie clip', bytes('04'), 'ERR_AMF_MARKER'],
    ['a record set', bytes('0E'), 'ERR_AMF_MARKER'],
    ['an object end where a value belongs', bytes('09'), 'ERR_AMF_MARKER'],
    ['an unknown marker', bytes('FF'), 'ERR_AMF_MARKER'],
    ['a megabyte of nulls', Buffer.alloc(1 << 20, 5), 'ERR_AMF_VALUES'],
    ['a megabyte of string', Buffer.concat([bytes('0C 000FFFF0'), Buffer.alloc(0xffff0)]), 'ERR_AMF_STRING_BYTES'],
  ])('refuses %s', (_, blob, code) => {
    expect(codeOf(blob)).toBe(code);
  });

  it.each<[keyof CodecLimits, (n: number) => Buffer, ErrorCode]>([
    ['amfDepth', (n) => bytes(`${'0A 00000001'.repeat(n)}05`), 'ERR_AMF_DEPTH'],
    ['amfValues', (n) => Buffer.alloc(n, 5), 'ERR_AMF_VALUES'],
    ['amfKeys', (n) => bytes(`03 ${'0001 61 05'.repeat(n)} 000009`), 'ERR_AMF_KEYS'],
    [
      'amfStringBytes',
      (n) => bytes(`02 00${n.toString(16).padStart(2, '0')} ${'61'.repeat(n)}`),
      'ERR_AMF_STRING_BYTES',
    ],
  ])('holds %s: under, at and past 10', (limit, make, code) => {
    expect([9, 10, 11].map((n) => codeOf(make(n), { [limit]: 10 }))).toEqual([undefined, undefined, code]);
  });
});

describe('error table of the WASM module', () => {
  it('names a registry entry for every negative constant, and has no other', () => {
    const constants = Object.entries(C).filter(([name]) => name.startsWith('ERR_'));
    expect([...WASM_ERRORS.entries()].sort()).toEqual(constants.map(([name, value]) => [value, name]).sort());
    for (const code of WASM_ERRORS.values()) expect(Object.keys(ERRORS)).toContain(code);
    expect(codecError(-12345)).toMatchObject({ code: 'ERR_INTERNAL' });
  });
});
