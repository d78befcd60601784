import { expect, it } from 'vitest';
import { BareCopy } from '../../../../bench/lib/bare-copy.js';
import { pseudoRandom } from '../../../../bench/lib/chunked-media.js';

it.each([1, 7, 400, 4000, 4096, 60_000, 65_536])(
  'the bare copy in pieces of %i bytes copies every byte but the one between two pieces',
  (piece) => {
    const copy = new BareCopy(65_536, 262_144);
    // The third read of this size begins anew at the start.
    for (const [seed, size] of [65_536, 60_001, 65_536, 65_536, 65_536, 3].entries()) {
      const bytes = pseudoRandom(size, seed + 1);
      bytes.copy(copy.input);
      const wanted: Buffer[] = [];
      for (let from = 0; from < size; from += piece + 1) wanted.push(bytes.subarray(from, from + piece));
      const expected = Buffer.concat(wanted);
      expect(copy.take(size, piece)).toBe(expected.length);
      expect(copy.last(expected.length).equals(expected)).toBe(true);
    }
  },
);
