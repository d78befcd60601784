import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkCodec } from '../../src/wasm/chunk-codec.js';
import {
  type InPlace,
  inWords,
  readInPlace,
  readWithCodec,
  readWithReference,
  readWithWasm,
} from '../reference/drive.js';
import { encode, peer, publishes } from '../support/protocol/chunk-streams.js';

const SEED = 20_240_611;
const limits = fc.constantFrom(128, 4096, 60_000).map((outChunkSize) => ({
  maxMediaBytes: 20_000,
  maxMediaBytesBeforePublish: 20_000,
  reassemblyBytes: 30_000,
  outChunkSize,
}));

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
/** From regions that hold next to nothing to such that hold most of a stream. */
const inPlace = fc.constantFrom<InPlace>(
  'release in 180',
  'release in 700',
  'release in 9100',
  'debug in 20000',
  'release in 150000',
);
const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 });

describe(`chunk codec and reference agree (seed ${SEED})`, () => {
  it('on valid streams, however they are cut', () => {
    fc.assert(
      fc.property(peer, cuts, limits, publishes, (what, where, within, begun) => {
        const bytes = encode(what);
        const options = { limits: within, publishing: true, publishes: begun };
        const expected = readWithReference([bytes], options);
        expect(expected.error).toBe(0);
        expect(inWords(readWithWasm('release', cutAt(bytes, where), options))).toBe(inWords(expected));
      }),
      { seed: SEED, numRuns: 1200 },
    );
  });

  it('on mutated streams: the same messages, then the same error', () => {
    fc.assert(
      fc.property(peer, cuts, limits, mutations, (what, where, within, changes) => {
        const bytes = encode(what);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const expected = readWithReference([bytes], { limits: within, publishing: true });
        expect(inWords(readWithWasm('release', cutAt(bytes, where), { limits: within, publishing: true }))).toBe(
          inWords(expected),
        );
      }),
      { seed: SEED + 1, numRuns: 1500 },
    );
  });

  it('on bytes that are no chunk stream at all, in the debug build too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), cuts, limits, (noise, where, within) => {
        const bytes = Buffer.from(noise);
        const expected = readWithReference([bytes], { limits: within });
        expect(inWords(readWithWasm('debug', cutAt(bytes, where), { limits: within }))).toBe(inWords(expected));
      }),
      { seed: SEED + 2, numRuns: 1000 },
    );
  });

  it('on valid streams framed in place, wherever regions end', () => {
    fc.assert(
      fc.property(peer, cuts, limits, inPlace, publishes, (what, where, within, by, begun) => {
        const bytes = encode(what);
        const options = { limits: within, publishes: begun };
        const expected = readWithReference([bytes], options);
        expect(inWords(readInPlace(by, cutAt(bytes, where), options))).toBe(inWords(expected));
      }),
      { seed: SEED + 4, numRuns: 2500 },
    );
  });

  it('on mutated streams framed in place', () => {
    fc.assert(
      fc.property(peer, cuts, limits, inPlace, mutations, (what, where, within, by, changes) => {
        const bytes = encode(what);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const expected = readWithReference([bytes], { limits: within });
        expect(inWords(readInPlace(by, cutAt(bytes, where), { limits: within }))).toBe(inWords(expected));
      }),
      { seed: SEED + 5, numRuns: 1500 },
    );
  });

  it('and wiping leaves the memory as it was before the first byte, wherever the stream ended', () => {
    const codec = new ChunkCodec();
    const fresh = Buffer.from(Buffer.from(codec.memory.buffer));
    fc.assert(
      fc.property(peer, cuts, fc.nat(), (what, where, end) => {
        const bytes = encode(what);
        readWithCodec(codec, cutAt(bytes.subarray(0, 1 + (end % bytes.length)), where));
        codec.wipe();
        expect(Buffer.compare(Buffer.from(codec.memory.buffer), fresh)).toBe(0);
      }),
      { seed: SEED + 3, numRuns: 300 },
    );
  });
});
