import { describe, expect, it } from 'vitest';
import { BitWriter } from '../../../../src/load/bit-writer.js';
import { MAX_LEVEL, writeDcBlock } from '../../../../src/load/test-picture/cavlc.js';

/** The bits of a block, as a text of digits. */
function block(level: number, of: 'luma' | 'chroma'): string {
  // A bit before the block keeps zeros from being taken for a start code; the trailing bit and its zeros come off.
  const writer = new BitWriter().raw('11111111');
  writeDcBlock(writer, level, of);
  const digits = [...writer.nal(0).subarray(2)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return digits.replace(/10*$/, '');
}

describe('a block with at most one coefficient', () => {
  it.each([
    [0, 'luma', '1'],
    [1, 'luma', '0101'],
    [-1, 'luma', '0111'],
    [2, 'luma', '00010111'],
    [-2, 'luma', '000101011'],
    [3, 'luma', '0001010011'],
    [0, 'chroma', '01'],
    [1, 'chroma', '101'],
    [-1, 'chroma', '111'],
    [2, 'chroma', '00011111'],
  ] as const)('of %i for %s is %s', (level, of, bits) => {
    expect(block(level, of)).toBe(bits);
  });

  it.each([
    [8, `000101${'0'.repeat(12)}11`],
    [-8, `000101${'0'.repeat(13)}11`],
  ])('of %i has the longest code without a suffix, or the one before it', (level, bits) => {
    expect(block(level, 'luma')).toBe(bits);
  });

  it.each([
    [9, `000101${'0'.repeat(14)}100001`],
    [-16, `000101${'0'.repeat(14)}111111`],
  ])('of %i has a suffix of four bits', (level, bits) => {
    expect(block(level, 'luma')).toBe(bits);
  });

  it.each([
    [17, 0],
    [-17, 1],
    [408, 782],
    [MAX_LEVEL, 4092],
    [-MAX_LEVEL, 4093],
  ])('of %i has a suffix of twelve bits, %i', (level, suffix) => {
    expect(block(level, 'luma')).toBe(`000101${'0'.repeat(15)}1${suffix.toString(2).padStart(12, '0')}1`);
  });
});
