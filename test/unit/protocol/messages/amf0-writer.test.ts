import { describe, expect, it } from 'vitest';
import { AmfEcmaArray, type AmfInput, writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import { readAmf } from '../../../support/amf.js';
import { hex } from '../../../support/protocol/messages.js';

describe('writeAmf0', () => {
  const VECTORS: readonly [string, AmfInput, string][] = [
    ['number', 1.5, '00 3FF8000000000000'],
    ['true', true, '01 01'],
    ['string', 'é', '02 0002 C3A9'],
    ['null', null, '05'],
    ['undefined', undefined, '06'],
    ['object', { a: 1, b: {} }, '03 0001 61 00 3FF0000000000000 0001 62 03 000009 000009'],
    ['ECMA array', new AmfEcmaArray({ a: null }), '08 00000001 0001 61 05 000009'],
    ['strict array', ['x', false], '0A 00000002 02 0001 78 01 00'],
    ['date', new Date(1000), '0B 408F400000000000 0000'],
  ];
  for (const [name, value, bytes] of VECTORS) {
    it(`writes ${name}`, () => {
      expect(writeAmf0(value)).toEqual(hex(bytes));
    });
  }

  it('writes a string of 65535 bytes short and one of 65536 long', () => {
    expect(writeAmf0('x'.repeat(65535)).subarray(0, 3)).toEqual(hex('02 FFFF'));
    expect(writeAmf0('x'.repeat(65536)).subarray(0, 5)).toEqual(hex('0C 00010000'));
    expect(readAmf(writeAmf0('x'.repeat(65536)))).toEqual(['x'.repeat(65536)]);
  });

  it('writes null-prototype objects with hostile names as plain entries', () => {
    const object = Object.create(null) as Record<string, AmfInput>;
    const hostile = '__proto__';
    object[hostile] = 1;
    const [read] = readAmf(writeAmf0(object));
    expect(Object.keys(read as object)).toEqual([hostile]);
  });

  it('leaves out an entry with an empty name, which would read as the end of its object', () => {
    expect(writeAmf0({ '': 9, a: 1 })).toEqual(writeAmf0({ a: 1 }));
  });

  it('refuses a property name over 65535 bytes and endless nesting', () => {
    const loop: { self?: AmfInput } = {};
    loop.self = loop as AmfInput;
    for (const value of [{ ['x'.repeat(65536)]: 1 }, loop as AmfInput]) {
      expect(() => writeAmf0(value)).toThrow(expect.objectContaining({ code: 'ERR_AMF_UNWRITABLE' }));
    }
  });
});
