import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/core/errors.js';
import { AmfScanner } from '../../src/wasm/amf-scanner.js';
import { WASM_ERRORS } from '../../src/wasm/errors.js';
import { normaliseLimits } from '../../src/wasm/limits.js';
import { readAmf0 } from '../reference/amf0.js';
import { amf3Message, text3, u29 } from '../support/protocol/amf3-values.js';

const SEED = 20_261_126;
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

function agree(bytes: Uint8Array, ...by: AmfScanner[]): void {
  const wanted = expected(bytes);
  for (const one of by) {
    const found = scanWith(one, bytes);
    expect(found).toEqual(wanted);
    // The order of the keys too.
    expect(JSON.stringify(found)).toBe(JSON.stringify(wanted));
  }
}

function expected(bytes: Uint8Array): unknown {
  const result = readAmf0(bytes, LIMITS);
  return 'error' in result ? WASM_ERRORS.get(result.error) : result;
}

describe(`AMF3 scanner and reference agree (seed ${SEED})`, () => {
  it('on values, cut off anywhere', () => {
    fc.assert(
      fc.property(amf3Message, fc.nat(), (bytes, cut) => {
        agree(bytes, scanner, colliding);
        agree(bytes.subarray(0, cut % (bytes.length + 1)), scanner, debug);
      }),
      { seed: SEED, numRuns: 2500 },
    );
  });

  it('on short messages, cut off at every byte', () => {
    fc.assert(
      fc.property(amf3Message, (bytes) => {
        for (let length = 0; length < Math.min(bytes.length, 120); length++) agree(bytes.subarray(0, length), scanner);
      }),
      { seed: SEED + 1, numRuns: 120 },
    );
  });

  it('on mutated values', () => {
    const change = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(amf3Message, change, (bytes, changes) => {
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        agree(bytes, scanner, debug);
      }),
      { seed: SEED + 2, numRuns: 2500 },
    );
  });

  it('on bytes that are no AMF3 at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (noise) => {
        agree(Uint8Array.of(0x11, ...noise), scanner, debug);
      }),
      { seed: SEED + 3, numRuns: 1500 },
    );
  });

  it('on tables that are full, and references past their end', () => {
    const wide = normaliseLimits({});
    const big = new AmfScanner({ limits: wide });
    const strings = Array.from({ length: 2000 }, (_, i) => [...text3(`k${i}`), 2]).flat();
    const object = [0x11, 10, 0x0b, 1, ...strings, 1];
    for (const index of [0, 1999, 2000, 2001]) {
      const bytes = Uint8Array.from([...object, 0x11, 6, ...u29(index << 1)]);
      const result = readAmf0(bytes, wide);
      const found = (() => {
        try {
          return big.scan(bytes);
        } catch (error) {
          return (error as SluiceError).code;
        }
      })();
      expect(found).toEqual('error' in result ? WASM_ERRORS.get(result.error) : result);
    }
  });
});
