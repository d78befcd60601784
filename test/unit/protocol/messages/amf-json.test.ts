import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../../src/core/plain.js';
import { amfOfJson, jsonOfAmf } from '../../../../src/protocol/messages/amf-json.js';
import { type AmfInput, writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import { AmfScanner } from '../../../../src/wasm/amf-scanner.js';
import type { AmfValue } from '../../../../src/wasm/amf-value.js';
import { readAmf } from '../../../support/amf.js';
import { amfBytes } from '../../../support/protocol/amf-values.js';

const SEED = 20_260_209;
const KIB = 1024;

/** What a value is after it was JSON text on the way. */
function back(value: AmfInput): AmfValue {
  const scanner = new AmfScanner();
  const json = jsonOfAmf(scanner.scan(writeAmf0(value)).values, 64 * KIB);
  return scanner.scan(writeAmf0(...amfOfJson(JSON.parse(JSON.stringify(json)) as JsonValue[])!)).values[0];
}

describe('AMF as JSON', () => {
  it.each<[string, AmfInput, JsonValue]>([
    ['a number', 1.5, 1.5],
    ['NaN', Number.NaN, { $amf: 'number', value: 'NaN' }],
    ['an infinity', Number.NEGATIVE_INFINITY, { $amf: 'number', value: '-Infinity' }],
    ['negative zero', -0, { $amf: 'number', value: '-0' }],
    ['a boolean', true, true],
    ['text', 'größe', 'größe'],
    ['long text', 'x'.repeat(40_000), 'x'.repeat(40_000)],
    ['null', null, null],
    ['undefined', undefined, { $amf: 'undefined' }],
    ['a date', new Date(1_700_000_000_123), { $amf: 'date', value: '2023-11-14T22:13:20.123Z' }],
    ['a date that is none', new Date(Number.NaN), { $amf: 'date', value: null }],
    ['an object', { a: 1, b: { c: [] } }, { a: 1, b: { c: [] } }],
    ['a byte array', Buffer.from([1, 2, 255]), { $amf: 'bytes', value: 'AQL/' }],
    ['a strict array', [1, [undefined], 'a'], [1, [{ $amf: 'undefined' }], 'a']],
    [
      'an object that looks like a tag',
      { $amf: 'date', value: 1 },
      { $amf: 'object', value: { $amf: 'date', value: 1 } },
    ],
  ])('has %s, and gives it back', (_what, amf, json) => {
    expect(jsonOfAmf(new AmfScanner().scan(writeAmf0(amf)).values, 64 * KIB)).toEqual([json]);
    expect(back(amf)).toEqual(amf);
  });

  it('has ECMA arrays, typed objects, XML and references as what they hold', () => {
    const json = (hex: string) => jsonOfAmf(new AmfScanner().scan(Buffer.from(hex, 'hex')).values, KIB);
    expect(json('08000000010001610101000009')).toEqual([{ a: true }]);
    expect(json('1000014300016105000009')).toEqual([{ a: null }]);
    expect(json('0f000000033c612f')).toEqual(['<a/']);
    // Of AMF3: a vector, a dictionary, a list with keys, and a byte array that is longer than there is room.
    expect(json('110d05000000000100000002')).toEqual([[1, 2]]);
    expect(json('11110300060361' + '03')).toEqual([[['a', true]]]);
    expect(json('110903036103' + '0102')).toEqual([{ 0: false, a: true }]);
    expect(jsonOfAmf([Buffer.alloc(800)], KIB)).toBeUndefined();
    expect(jsonOfAmf([Buffer.alloc(2000)], KIB)).toBeUndefined();
    // A list with an object, and twice the same object again.
    expect(json('0a000000020300016105000009070001')).toEqual([[{ a: null }, { a: null }]]);
  });

  it('writes an ECMA array for the tag `array`, and a date also of milliseconds', () => {
    expect(writeAmf0(...amfOfJson([{ $amf: 'array', value: { a: true } }])!).toString('hex')).toBe(
      '08000000010001610101000009',
    );
    expect(amfOfJson([{ $amf: 'date', value: 5 }])).toEqual([new Date(5)]);
  });

  it('takes an object with a tag of no kind as an object', () => {
    for (const value of [
      { $amf: 'nothing' },
      { $amf: 'number', value: '12' },
      { $amf: 'object', value: 3 },
      { $amf: 1 },
    ])
      expect(amfOfJson([value])).toEqual([value]);
  });

  it('refuses more bytes than it may, and more than 32 levels', () => {
    const text = ['x'.repeat(100)];
    const { length } = JSON.stringify(text);
    expect([jsonOfAmf(text, length + 1), jsonOfAmf(text, length - 1)]).toEqual([text, undefined]);
    const nested = (levels: number): JsonValue[] => (levels === 0 ? [] : [nested(levels - 1)]);
    const [fits] = nested(32);
    expect([jsonOfAmf([fits] as AmfValue[], KIB), amfOfJson([fits])]).toEqual([[fits], [fits]]);
    const deep = nested(33) as AmfValue[];
    expect([jsonOfAmf(deep, KIB), amfOfJson(nested(33))]).toEqual([undefined, undefined]);
    // A reference to itself is as deep as one likes; doubled references are as long as one likes.
    const itself: AmfValue[] = [];
    itself.push(itself);
    expect(jsonOfAmf(itself, 2 ** 30)).toBeUndefined();
    let doubled: AmfValue = 'a';
    for (let n = 0; n < 31; n++) doubled = [doubled, doubled];
    expect(jsonOfAmf([doubled], 64 * KIB)).toBeUndefined();
  });

  it(`is as long as its JSON text says, or longer (seed ${SEED})`, () => {
    fc.assert(
      fc.property(amfBytes, fc.nat(400), (bytes, most) => {
        let values: AmfValue[];
        try {
          values = new AmfScanner().scan(bytes).values;
        } catch {
          return;
        }
        const json = jsonOfAmf(values, most);
        if (json !== undefined) expect(Buffer.byteLength(JSON.stringify(json))).toBeLessThanOrEqual(Math.max(most, 2));
      }),
      { seed: SEED, numRuns: 800 },
    );
  });

  it(`gives every JSON back through AMF, but for empty keys (seed ${SEED + 1})`, () => {
    const json = fc
      .jsonValue({ maxDepth: 4 })
      .filter((value) => !/"":|"__proto__"|\$amf|[^e\d.]-0\b/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(json, (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as JsonValue;
        const through = jsonOfAmf(readAmf(writeAmf0(...amfOfJson([plain])!)), 64 * KIB);
        expect(JSON.parse(JSON.stringify(through))).toEqual([plain]);
      }),
      { seed: SEED + 1, numRuns: 500 },
    );
  });

  it(`gives every AMF value back through JSON (seed ${SEED + 2})`, () => {
    fc.assert(
      fc.property(amfBytes, (bytes) => {
        let values: AmfValue[];
        try {
          values = new AmfScanner().scan(bytes).values;
        } catch {
          return;
        }
        const json = jsonOfAmf(values, 64 * KIB);
        if (json === undefined) return;
        const again = readAmf(writeAmf0(...amfOfJson(JSON.parse(JSON.stringify(json)) as JsonValue[])!));
        // An empty key cannot be written, and what JSON had of it is gone the second time.
        if (!JSON.stringify(json).includes('"":')) expect(jsonOfAmf(again, 64 * KIB)).toEqual(json);
      }),
      { seed: SEED + 2, numRuns: 800 },
    );
  });
});
