import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inWords, readWithJavaScript, readWithReference, split } from '../../../reference/drive.js';
import { encode, peer, publishes } from '../../../support/protocol/chunk-streams.js';

const SEED = 20_261_120;
const LIMITS = {
  maxMediaBytes: 20_000,
  maxMediaBytesBeforePublish: 20_000,
  reassemblyBytes: 30_000,
  outChunkSize: 4096,
};
const pieceBytes = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 50, max: 5000 }));
const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });

describe(`the opponent of the parser bench does the same work (seed ${SEED})`, () => {
  it('agrees with the reference on valid and on mutated streams, however they are cut', () => {
    fc.assert(
      fc.property(peer, pieceBytes, mutations, publishes, (what, size, changes, begun) => {
        // Aggregates are no part of any bench, and the parser leaves them out.
        const steps = what.steps.map((step) => ('type' in step && step.type === 22 ? { ...step, type: 20 } : step));
        const bytes = encode({ ...what, steps });
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const options = { limits: LIMITS, publishes: begun };
        const expected = inWords(readWithReference([bytes], options));
        expect(inWords(readWithJavaScript(split(bytes, size), options))).toBe(expected);
      }),
      { seed: SEED, numRuns: 600 },
    );
  });
});
