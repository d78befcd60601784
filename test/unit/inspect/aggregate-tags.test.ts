import { describe, expect, it } from 'vitest';
import { add, aggregateTags, lastMediaIn } from '../../../src/inspect/aggregate-tags.js';

const BYTES = Buffer.from(
  `08000001 00138800 000000 af 00000000
   12000002 00139200 000000 0500 00000000
   16000001 00139a00 000000 00 00000000
   09000001 0013b000 000000 27`.replace(/\s/g, ''),
  'hex',
);

describe('messages in an aggregate', () => {
  it('are audio, video and data, with the time since the one before', () => {
    expect(aggregateTags(BYTES)).toEqual([
      { type: 8, delta: 0, at: 11, end: 12 },
      { type: 18, delta: 10, at: 27, end: 29 },
      { type: 9, delta: 30, at: 60, end: 61 },
    ]);
  });

  it('end where a tag is cut off', () => {
    expect(aggregateTags(BYTES.subarray(0, 60))).toHaveLength(2);
    expect(aggregateTags(BYTES.subarray(0, 11))).toEqual([]);
  });

  it('move the time of the last media', () => {
    expect(lastMediaIn(BYTES, 100)).toBe(140);
    expect(lastMediaIn(Buffer.alloc(0), 100)).toBeUndefined();
    expect(add(10, 0xffffffec)).toBe(2 ** 32 - 10);
  });
});
