import { describe, expect, it } from 'vitest';
import { valueEnd } from '../../../../src/protocol/shared-objects/value-end.js';
import { amf, EcmaArray } from '../../../support/amf.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('the end of an AMF0 value', () => {
  it.each([
    ['a number', amf(1.5)],
    ['a boolean', amf(true)],
    ['text', amf('text')],
    ['null', amf(null)],
    ['undefined', amf(undefined)],
    ['an object', amf({ a: 1, b: { c: [1, 'x', null] } })],
    ['an empty object', amf({})],
    ['an ECMA array with a wrong count', amf(new EcmaArray({ a: 1, b: 2 }, 900))],
    ['a strict array', amf([1, [2, 3], {}])],
    ['a date', hex('0B 0000000000000000 0000')],
    ['long text', hex('0C 00000003 616263')],
    ['unsupported', hex('0D')],
    ['XML', hex('0F 00000004 3C612F3E')],
    ['a typed object', hex('10 0001 43 0001 61 05 0000 09')],
  ])('is found behind %s, whatever follows, and nowhere in a part of it', (_name, value) => {
    expect(valueEnd(Buffer.concat([value, Buffer.of(1, 2, 3)]), 0)).toBe(value.length);
    expect(valueEnd(Buffer.concat([Buffer.of(9, 9), value]), 2)).toBe(value.length + 2);
    for (let cut = 0; cut < value.length; cut++) expect(valueEnd(value.subarray(0, cut), 0), `cut at ${cut}`).toBe(-1);
  });

  it.each([
    ['a reference', '07 0000'],
    ['AMF3', '11 01'],
    ['a movie clip', '04'],
    ['a record set', '0E'],
    ['the end of an object', '09'],
    ['an unknown marker', '7F'],
    ['a member without a name', '03 0000 05 0000 09'],
    ['an array that is longer than its bytes', '0A FFFFFFFF 05'],
  ])('is not there for %s', (_name, bytes) => {
    expect(valueEnd(hex(bytes), 0)).toBe(-1);
  });

  it('is found up to 32 levels and 4096 values', () => {
    const nested = (levels: number): Buffer =>
      Buffer.concat([...Array.from({ length: levels }, () => hex('0A 00000001')), amf(1)]);
    expect(valueEnd(nested(32), 0)).toBe(32 * 5 + 9);
    expect(valueEnd(nested(33), 0)).toBe(-1);
    const list = (items: number): Buffer => amf(Array.from({ length: items }, () => null));
    expect(valueEnd(list(4095), 0)).toBe(5 + 4095);
    expect(valueEnd(list(4096), 0)).toBe(-1);
  });
});
