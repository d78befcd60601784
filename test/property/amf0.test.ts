import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/core/errors.js';
import { AmfScanner } from '../../src/wasm/amf-scanner.js';
import { WASM_ERRORS } from '../../src/wasm/errors.js';
import { normaliseLimits } from '../../src/wasm/limits.js';
import { readAmf0 } from '../reference/amf0.js';

const SEED = 20_240_612;
const LIMITS = normaliseLimits({ amfDepth: 6, amfValues: 60, amfKeys: 30, amfStringBytes: 400 });

const u16 = (n: number): number[] => [n >> 8, n & 255];
const u32 = (n: number): number[] => [(n >>> 24) & 255, (n >> 16) & 255, (n >> 8) & 255, n & 255];
const text = fc
  .oneof(fc.string({ maxLength: 12 }), fc.constantFrom('__proto__', 'onMetaData', 'größe', ''))
  .map((s) => [...Buffer.from(s)]);

/** Bytes of AMF0 values, mostly well formed, of every marker. */
const { value } = fc.letrec<{ value: number[]; entries: number[] }>((tie) => ({
  value: fc.oneof(
    fc.uint8Array({ minLength: 8, maxLength: 8 }).map((b) => [0, ...b]),
    fc.constantFrom<number[]>([1, 0], [1, 1], [5], [6], [13]),
    text.map((t) => [2, ...u16(t.length), ...t]),
    text.map((t) => [12, ...u32(t.length), ...t]),
    text.map((t) => [15, ...u32(t.length), ...t]),
    fc.uint8Array({ minLength: 10, maxLength: 10 }).map((b) => [11, ...b]),
    fc.integer({ min: 0, max: 4 }).map((n) => [7, ...u16(n)]),
    tie('entries').map((e) => [3, ...e, 0, 0, 9]),
    fc.tuple(fc.nat(9), tie('entries')).map(([n, e]) => [8, ...u32(n), ...e, 0, 0, 9]),
    fc.tuple(text, tie('entries')).map(([t, e]) => [16, ...u16(t.length), ...t, ...e, 0, 0, 9]),
    fc.array(tie('value'), { maxLength: 4 }).map((v) => [10, ...u32(v.length), ...v.flat()]),
  ),
  entries: fc
    .array(fc.tuple(text, tie('value')), { maxLength: 4 })
    .map((pairs) => pairs.flatMap(([key, v]) => [...u16(key.length), ...key, ...v])),
}));

const scanner = new AmfScanner({ limits: LIMITS });
const colliding = new AmfScanner({ limits: LIMITS, hashMask: 0 });
const debug = new AmfScanner({ limits: LIMITS, flavour: 'debug' });

function scanWith(by: AmfScanner, bytes: Uint8Array): unknown {
  try {
    return by.scan(bytes);
  } catch (error) {
    if (error instanceof SluiceError) return error.code;
    throw error;
  }
}

function expected(bytes: Uint8Array): unknown {
  const result = readAmf0(bytes, LIMITS);
  return 'error' in result ? WASM_ERRORS.get(result.error) : result;
}

describe(`AMF0 scanner and reference agree (seed ${SEED})`, () => {
  it('on well formed values, cut off anywhere', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), fc.nat(), (values, cut) => {
        const bytes = Uint8Array.from(values.flat());
        const cutBytes = bytes.subarray(0, cut % (bytes.length + 1));
        expect(scanWith(scanner, bytes)).toEqual(expected(bytes));
        expect(scanWith(colliding, bytes)).toEqual(expected(bytes));
        expect(scanWith(debug, cutBytes)).toEqual(expected(cutBytes));
      }),
      { seed: SEED, numRuns: 600 },
    );
  });

  it('on mutated values', () => {
    const change = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), change, (values, changes) => {
        const bytes = Uint8Array.from(values.flat());
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        expect(scanWith(scanner, bytes)).toEqual(expected(bytes));
      }),
      { seed: SEED + 1, numRuns: 800 },
    );
  });

  it("on values that repeat each other's keys, again and again", () => {
    const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'toString').map((k) => [...Buffer.from(k)]);
    const leaf = fc.oneof(
      fc.constantFrom<number[]>([1, 0], [5], [7, 0, 0], [2, 0, 1, 97], [2, 0, 2, 97, 98]),
      fc.integer({ min: 0, max: 255 }).map((n) => [0, 64, n, 0, 0, 0, 0, 0, 0]),
    );
    const { object } = fc.letrec<{ object: number[] }>((tie) => ({
      object: fc
        .array(fc.tuple(key, fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 1, arbitrary: tie('object') })), {
          maxLength: 5,
        })
        .map((pairs) => [3, ...pairs.flatMap(([k, v]) => [0, k.length, ...k, ...v]), 0, 0, 9]),
    }));
    fc.assert(
      fc.property(fc.array(object, { minLength: 1, maxLength: 3 }), fc.nat(), (objects, cut) => {
        const bytes = Uint8Array.from(objects.flat());
        for (const part of [bytes, bytes.subarray(0, cut % bytes.length), bytes]) {
          for (const by of [scanner, colliding]) {
            const found = scanWith(by, part);
            expect(found).toEqual(expected(part));
            expect(JSON.stringify(found)).toBe(JSON.stringify(expected(part)));
          }
        }
      }),
      { seed: SEED + 2, numRuns: 1500 },
    );
  });
});
