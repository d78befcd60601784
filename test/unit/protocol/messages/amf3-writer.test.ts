import { describe, expect, it } from 'vitest';
import { AmfEcmaArray, type AmfInput, writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import { writeAmf3 } from '../../../../src/protocol/messages/amf3-writer.js';
import { AmfScanner } from '../../../../src/wasm/amf-scanner.js';

const scanner = new AmfScanner({ limits: { amfDepth: 64 } });
const read = (bytes: Buffer) => scanner.scan(Buffer.concat([Buffer.of(0x11), bytes])).values[0];

describe('an AMF3 value', () => {
  it.each<[AmfInput, string]>([
    [undefined, '00'],
    [null, '01'],
    [false, '02'],
    [true, '03'],
    [0, '0400'],
    [127, '047f'],
    [128, '048100'],
    [16383, '04ff7f'],
    [16384, '04818000'],
    [2097151, '04ffff7f'],
    [2097152, '0480c08000'],
    [2 ** 28 - 1, '04bfffffff'],
    [-1, '04ffffffff'],
    [-(2 ** 28), '04c0808000'],
    [2 ** 28, '0541b0000000000000'],
    [-0, '058000000000000000'],
    [1.5, '053ff8000000000000'],
    ['', '0601'],
    ['é', '0605c3a9'],
    [new Date(0), '08010000000000000000'],
    [Buffer.from([1, 2]), '0c050102'],
    [[1, 'a', 'a'], '0907010401060361' + '0600'],
    [{ a: 1 }, '0a0b010361040101'],
    [new AmfEcmaArray({ a: 1 }), '09010361040101'],
    [[{ a: 1 }, { a: 2 }], '0905010a0b0103610401010a0100040201'],
  ])('%j is %s', (value, bytes) => {
    expect(writeAmf3(value).toString('hex')).toBe(bytes);
  });

  it('is read back as it was', () => {
    const value = {
      list: [1, -1, 2 ** 28, -0, 0.5, Number.NaN, 'x', 'x', null, undefined, true],
      bytes: Buffer.from('media'),
      at: new Date(1_700_000_000_000),
      deep: { deep: { list: [[], [{}]] } },
      long: 'y'.repeat(3000),
    };
    expect(read(writeAmf3(value))).toEqual(value);
  });

  it('has no more than 64 levels, and no empty keys', () => {
    const nested = (levels: number): AmfInput => {
      let value: AmfInput = 1;
      for (let level = 0; level < levels; level++) value = [value];
      return value;
    };
    expect(read(writeAmf3(nested(64)))).toEqual(nested(64));
    expect(() => writeAmf3(nested(65))).toThrow(expect.objectContaining({ code: 'ERR_AMF_UNWRITABLE' }));
    expect(read(writeAmf3({ '': 1, a: 2 }))).toEqual({ a: 2 });
  });

  it('stands behind marker 11 in AMF0 where AMF0 has no such type', () => {
    expect(writeAmf0(Buffer.from([7])).toString('hex')).toBe('110c0307');
    expect(scanner.scan(writeAmf0({ media: Buffer.from([7]) })).values).toEqual([{ media: Buffer.from([7]) }]);
  });
});
