import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TagIndex } from '../../../src/hub/tag-index.js';

describe('where a message stands among the tags', () => {
  it('is found both ways for each that was added and not trimmed, and for nothing else', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.nat(500), (pairs, trimAt) => {
        const index = new TagIndex();
        const known: [number, number][] = [];
        let [message, tag] = [100, 7];
        for (const [bytes, tagBytes] of pairs) {
          index.add(message, tag);
          known.push([message, tag]);
          message += bytes;
          tag += tagBytes;
        }
        index.trim(trimAt);
        const kept = known.filter(([, at]) => at >= trimAt);
        expect(index.size).toBe(kept.length);
        for (let at = 90; at < message + 5; at++) {
          expect(index.tagOf(at)).toBe(kept.find(([from]) => from === at)?.[1]);
        }
        for (let at = 0; at < tag + 5; at++) {
          expect(index.messageOf(at)).toBe(kept.find(([, to]) => to === at)?.[0]);
        }
      }),
      { seed: 42, numRuns: 50 },
    );
  });
});
