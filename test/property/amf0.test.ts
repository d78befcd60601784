import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/core/errors.js';
import { AmfScanner } from '../../src/wasm/amf-scanner.js';
import { WASM_ERRORS } from '../../src/wasm/errors.js';
import { normaliseLimits } from '../../src/wasm/limits.js';
import { readAmf0 } from '../reference/amf0.js';
import { amfValue } from '../support/protocol/amf-values.js';

const SEED = 20_240_612;
const LIMITS = normaliseLimits({ amfDepth: 6, amfValues: 60, amfKeys: 30, amfStringBytes: 400 });

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
      fc.property(fc.array(amfValue, { maxLength: 4 }), fc.nat(), (values, cut) => {
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
      fc.property(fc.array(amfValue, { minLength: 1, maxLength: 4 }), change, (values, changes) => {
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
