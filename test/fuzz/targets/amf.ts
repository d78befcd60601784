import fc from 'fast-check';
import { SluiceError } from '../../../src/core/errors.js';
import { AmfScanner } from '../../../src/wasm/amf-scanner.js';
import { WASM_ERRORS } from '../../../src/wasm/errors.js';
import { normaliseLimits } from '../../../src/wasm/limits.js';
import { readAmf0 } from '../../reference/amf0.js';
import { amfBytes } from '../../support/protocol/amf-values.js';
import { amf3Message } from '../../support/protocol/amf3-values.js';
import { type FuzzTarget, hashOf, same } from '../target.js';

const LIMITS = normaliseLimits({ amfDepth: 6, amfValues: 60, amfKeys: 30, amfStringBytes: 400 });
const scanners = [{}, { hashMask: 0 }, { flavour: 'debug' as const }].map(
  (options) => new AmfScanner({ limits: LIMITS, ...options }),
);

/** Values as text that tells NaN, dates, undefined and the order of keys apart. */
function inWords(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part === undefined || (typeof part === 'number' && !Number.isFinite(part)) || Object.is(part, -0)
      ? { is: Object.is(part, -0) ? '-0' : String(part) }
      : part,
  );
}

function codeOr(read: () => unknown): string {
  try {
    return inWords(read());
  } catch (error) {
    if (error instanceof SluiceError) return error.code;
    throw error;
  }
}

function agree(input: Uint8Array): void {
  const result = readAmf0(input, LIMITS);
  const expected = 'error' in result ? WASM_ERRORS.get(result.error)! : inWords(result);
  const scanner = scanners[hashOf(input) % scanners.length]!;
  same(
    codeOr(() => scanner.scan(input)),
    expected,
    'scanner and reference',
  );
}

const bytesOf = (...hex: string[]): Uint8Array[] => hex.map((digits) => Buffer.from(digits, 'hex'));

/** The AMF0 scanner in WASM beside the recursive reference. */
export const amf0: FuzzTarget = {
  name: 'amf0',
  what: 'AMF0 scanner in WASM, its tables warm from other inputs, against the reference',
  sources: ['/test/reference/amf0', '/src/wasm/amf'],
  tokens: bytesOf('030000', '000009', '0200055f5f70726f746f5f5f', '0800000000', '0a00000002', '070000', '11', '05'),
  maxBytes: 4000,
  samples: (seed) => fc.sample(amfBytes, { seed, numRuns: 24 }),
  run: agree,
};

/** The AMF3 scanner beside its reference, in messages of AMF0 that switch to it. */
export const amf3: FuzzTarget = {
  name: 'amf3',
  what: 'AMF3 scanner in WASM, behind marker 11 of AMF0, against the reference',
  sources: ['/test/reference/amf', '/src/wasm/amf'],
  // An object of a new dynamic class, of class 0, of a class that writes itself; an array; references; integers.
  tokens: bytesOf(
    '110a0b01',
    '110a01',
    '0a07',
    '090101',
    '0903',
    '0a00',
    '0600',
    '06010a',
    '04ffffffff',
    '110103',
    '01',
  ),
  maxBytes: 4000,
  samples: (seed) => fc.sample(amf3Message, { seed, numRuns: 24 }),
  run: agree,
};
