import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inWords, readWithReference, readWithWasm } from '../reference/drive.js';
import { encode, peer } from './chunk-streams.js';

const SEED = 20_240_611;
const LIMITS = {
  maxMediaBytes: 20_000,
  maxMediaBytesBeforePublish: 20_000,
  reassemblyBytes: 30_000,
  outChunkSize: 4096,
};

/** Cuts bytes at pseudo-random places taken from `cuts`. */
function cutAt(bytes: Buffer, cuts: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const n = 1 + cuts[i % cuts.length];
    pieces.push(bytes.subarray(at, at + n));
    at += n;
  }
  return pieces;
}

const cuts = fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 50, max: 5000 })), {
  minLength: 1,
  maxLength: 8,
});
const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 });

describe(`chunk codec and reference agree (seed ${SEED})`, () => {
  it('on valid streams, however they are cut', () => {
    fc.assert(
      fc.property(peer, cuts, (what, where) => {
        const bytes = encode(what);
        const expected = readWithReference([bytes], { limits: LIMITS });
        expect(expected.error).toBe(0);
        expect(inWords(readWithWasm('release', cutAt(bytes, where), { limits: LIMITS }))).toBe(inWords(expected));
      }),
      { seed: SEED, numRuns: 1200 },
    );
  });

  it('on mutated streams: the same messages, then the same error', () => {
    fc.assert(
      fc.property(peer, cuts, mutations, (what, where, changes) => {
        const bytes = encode(what);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const expected = readWithReference([bytes], { limits: LIMITS });
        expect(inWords(readWithWasm('release', cutAt(bytes, where), { limits: LIMITS }))).toBe(inWords(expected));
      }),
      { seed: SEED + 1, numRuns: 1500 },
    );
  });

  it('on bytes that are no chunk stream at all, in the debug build too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), cuts, (noise, where) => {
        const bytes = Buffer.from(noise);
        const expected = readWithReference([bytes], { limits: LIMITS });
        expect(inWords(readWithWasm('debug', cutAt(bytes, where), { limits: LIMITS }))).toBe(inWords(expected));
      }),
      { seed: SEED + 2, numRuns: 1000 },
    );
  });
});
