import { describe, expect, it } from 'vitest';
import { AMF_EPOCH, AMF_HASH_MASK, AMF_LAST_ID, HEADER, HEADER_WORDS } from '../../../assembly/constants.js';
import { AmfScanner } from '../../../src/wasm/amf-scanner.js';
import { AmfShape } from '../../../src/wasm/amf-shape.js';
import { AmfTokens } from '../../../src/wasm/amf-tokens.js';
import type { AmfValue } from '../../../src/wasm/amf-value.js';
import { instantiate } from '../../../src/wasm/instance.js';
import { normaliseLimits, writeLimits } from '../../../src/wasm/limits.js';
import { readAmf0 } from '../../reference/amf0.js';

const LIMITS = normaliseLimits({});
const INPUT = 0x60000;

type Entries = readonly (readonly [string, Buffer])[];

const u16 = (n: number): Buffer => Buffer.from([n >> 8, n & 255]);
const name = (text: string): Buffer => Buffer.concat([u16(Buffer.byteLength(text)), Buffer.from(text)]);
const text = (value: string): Buffer => Buffer.concat([Buffer.from([2]), name(value)]);
const object = (entries: Entries): Buffer =>
  Buffer.concat([Buffer.from([3]), ...entries.flatMap(([key, value]) => [name(key), value]), Buffer.from([0, 0, 9])]);

function number(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

/** Scans and compares with the reference, keys in order included. */
function check(scanner: AmfScanner, bytes: Buffer): AmfValue[] {
  const { values } = scanner.scan(bytes);
  const expected = readAmf0(bytes, LIMITS);
  expect({ values, truncated: false }).toEqual(expected);
  expect(JSON.stringify(values)).toBe(JSON.stringify('values' in expected ? expected.values : expected));
  return values;
}

describe('shapes of AMF0 objects', () => {
  it('reads other values of the same keys, before and after a constructor is compiled for them', () => {
    const scanner = new AmfScanner();
    const made: AmfValue[] = [];
    for (let round = 0; round < 40; round++) {
      const value = round % 3 === 0 ? text(`value ${round}`) : number(round + 0.5);
      made.push(
        ...check(
          scanner,
          object([
            ['app', value],
            ['größe', number(round)],
            ['tcUrl', text('x')],
          ]),
        ),
      );
      made.push(
        ...check(
          scanner,
          object([
            ['width', value],
            ['height', number(round)],
            ['encoder', text(`e${round % 2}`)],
          ]),
        ),
      );
    }
    expect(new Set(made).size).toBe(made.length);
  });

  it('tells key sequences apart that share a beginning, in any order', () => {
    const scanner = new AmfScanner();
    const keys = ['a', 'b', 'c', 'd'];
    for (let round = 0; round < 60; round++) {
      const order = keys.slice(round % 3).concat(round % 2 === 0 ? keys.slice(0, round % 3) : ['e']);
      check(scanner, object(order.map((key, index) => [key, number(index + round)])));
    }
  });

  it('takes no key for another when all hashes are the same', () => {
    const scanner = new AmfScanner({ hashMask: 0 });
    for (let round = 0; round < 200; round++) {
      const keys = Array.from({ length: 1 + (round % 7) }, (_, index) => `key${(round * 5 + index * 3) % 11}`);
      check(scanner, object(keys.map((key) => [key, text(`${key.length}${round % 5}`)])));
    }
  });

  it('takes no key for another when an object inside replaces the shape the outer one was compared with', () => {
    for (const hashMask of [0, 0xffffffff]) {
      const scanner = new AmfScanner({ hashMask });
      for (let round = 0; round < 60; round++) {
        const inner = object([
          [
            `i${round % 5}`,
            object([
              [`j${round % 3}`, number(1)],
              ['b', number(2)],
            ]),
          ],
        ]);
        const last = round % 2 === 0 ? 'b' : `c${round % 7}`;
        check(
          scanner,
          object([
            ['a', number(round)],
            ['x', inner],
            ['y', inner],
            [last, inner],
          ]),
        );
      }
    }
  });

  it('lets the last of equal keys win and leaves __proto__ out, every time', () => {
    const scanner = new AmfScanner();
    for (let round = 0; round < 40; round++) {
      check(
        scanner,
        object([
          ['a', number(round)],
          ['b', number(2)],
          ['a', text('last')],
        ]),
      );
      const [value] = check(
        scanner,
        object([
          ['__proto__', object([['polluted', number(1)]])],
          ['a', number(round)],
        ]),
      );
      expect(Reflect.ownKeys(value as object)).toEqual(['a']);
      expect('polluted' in (value as object) || 'polluted' in {}).toBe(false);
    }
  });

  it('reads names that inherited properties have, and names that are not plain, as own keys', () => {
    const scanner = new AmfScanner();
    const keys = ['toString', 'constructor', 'hasOwnProperty', '"];throw 1;//', '\u2028', '\\', '0', '1'];
    for (let round = 0; round < 40; round++) {
      const [value] = check(scanner, object(keys.map((key) => [key, number(round)])));
      expect(Object.keys(value as object).sort()).toEqual([...keys].sort());
      const [next] = check(
        scanner,
        object([
          ['toString', number(round)],
          ['2', number(1)],
          ['1', number(2)],
        ]),
      );
      expect('valueOf' in (next as object)).toBe(false);
      const prototype: unknown = Object.getPrototypeOf(next);
      expect([Object.isFrozen(prototype), Object.getPrototypeOf(prototype)]).toEqual([true, null]);
    }
  });

  it('reads objects of 63 to 66 keys, keys of 63 to 66 bytes and empty keys', () => {
    const scanner = new AmfScanner();
    for (let round = 0; round < 20; round++) {
      for (const count of [63, 64, 65, 66]) {
        check(scanner, object(Array.from({ length: count }, (_, index) => [`k${index}`, number(round)])));
        check(
          scanner,
          object([
            ['k'.repeat(count), text('v'.repeat(count))],
            ['b', number(round)],
          ]),
        );
      }
      check(
        scanner,
        Buffer.concat([Buffer.from([3]), name(''), number(round), name('a'), number(1), Buffer.from([0, 0, 9])]),
      );
    }
  });

  it('reads references to objects with a known shape', () => {
    const scanner = new AmfScanner();
    const one = object([
      ['a', number(1)],
      ['b', text('x')],
    ]);
    for (let round = 0; round < 40; round++) {
      check(scanner, one);
      const [first, second] = check(scanner, Buffer.concat([one, Buffer.from([7, 0, 0])]));
      expect(second).toBe(first);
    }
  });

  it('keeps what is complete of an object with a known shape that is cut off', () => {
    const scanner = new AmfScanner();
    const whole = object([
      ['a', number(1)],
      [
        'b',
        object([
          ['c', text('x')],
          ['d', number(2)],
        ]),
      ],
      ['e', text('end')],
    ]);
    for (let round = 0; round < 20; round++) check(scanner, whole);
    for (let cut = 0; cut <= whole.length; cut++) {
      expect(scanner.scan(whole.subarray(0, cut))).toEqual(readAmf0(whole.subarray(0, cut), LIMITS));
      check(scanner, whole);
    }
  });

  it('reads bytes of another memory at every alignment, long and short', () => {
    const scanner = new AmfScanner();
    const memory = new ArrayBuffer(8192);
    const words = new BigUint64Array(memory);
    for (let start = 0; start < 9; start++) {
      for (const length of [0, 1, 7, 8, 9, 1000, 1012, 1013, 1014, 2000]) {
        const bytes = Buffer.concat([number(start), text('s'.repeat(length))]);
        new Uint8Array(memory).fill(0xff).set(bytes, start);
        expect(scanner.readAt(words, start, bytes.length)).toEqual([start, 's'.repeat(length)]);
      }
    }
  });

  it('gives right keys after more names and shapes than the tables hold, and after scans that were refused', () => {
    const scanner = new AmfScanner();
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 800; index++) {
        const bytes = object([
          [`key ${index}`, text(`value ${index}`)],
          ['app', text(`live${index + round}`)],
        ]);
        expect(() => scanner.scan(Buffer.concat([bytes, Buffer.from([0x12])]))).toThrow();
        check(scanner, bytes);
      }
    }
  });

  it('knows nothing it knew when ids begin anew', () => {
    const { exports, memory } = instantiate(8);
    const header = new Uint32Array(memory.buffer, HEADER, HEADER_WORDS);
    writeLimits(header, LIMITS, false);
    header[AMF_HASH_MASK] = 0xffffffff;
    const tokens = new AmfTokens(memory.buffer as unknown as SharedArrayBuffer, header);
    const read = (bytes: Buffer): AmfValue[] => {
      new Uint8Array(memory.buffer).set(bytes, INPUT);
      expect(exports.scanAmf0(INPUT, INPUT + bytes.length)).toBe(0);
      return tokens.read().values;
    };
    const first = (round: number): Buffer =>
      object([
        ['a', text('one')],
        ['b', number(round)],
        ['n', object([['b', number(1)]])],
      ]);
    const other = (round: number): Buffer =>
      object([
        ['c', text('two')],
        ['d', number(round)],
        ['n', object([['e', number(1)]])],
      ]);
    for (let round = 0; round < 40; round++) {
      const values = { one: [{ a: 'one', b: round, n: { b: 1 } }], two: [{ c: 'two', d: round, n: { e: 1 } }] };
      // In turn the same names come first after the ids began anew, so that they get the ids the others had.
      if (round % 4 === 0) header[AMF_LAST_ID] = 0xffffffff - (round % 3);
      if (round % 8 < 4) expect(read(first(round))).toEqual(values.one);
      expect(read(other(round))).toEqual(values.two);
      expect(read(first(round))).toEqual(values.one);
    }
    expect(header[AMF_EPOCH]).toBe(10);
  });
});

describe('AmfShape', () => {
  it('compiles only plain keys, and only when it is used often', () => {
    const plain = new AmfShape(1, ['app', 'video.rate', 'x-y']);
    const odd = new AmfShape(2, ['app', 'a"b']);
    for (let round = 0; round < 15; round++) plain.make([1, 2, 3], 0);
    expect(plain.compiled).toBe(false);
    for (let round = 0; round < 100; round++) {
      expect(plain.make([0, 1, round, 3], 1)).toEqual({ app: 1, 'video.rate': round, 'x-y': 3 });
      expect(odd.make([1, round], 0)).toEqual({ app: 1, 'a"b': round });
    }
    expect([plain.compiled, odd.compiled]).toEqual([true, false]);
  });

  it('refuses keys that are not the properties one for one', () => {
    expect(new AmfShape(1, ['a', '__proto__']).usable).toBe(false);
    expect(new AmfShape(1, ['a', 'b', 'a']).usable).toBe(false);
    expect(new AmfShape(1, ['a', 'b']).usable).toBe(true);
  });
});
