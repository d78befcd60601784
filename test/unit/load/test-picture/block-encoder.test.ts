import { describe, expect, it } from 'vitest';
import { BlockEncoder } from '../../../../src/load/test-picture/block-encoder.js';

const GRID = { columns: 3, rows: 2 };
const RED = 0x4164d4;
const GRAY = 0x808080;

function picture(colour: number, changed: Readonly<Record<number, number>> = {}): Uint32Array {
  return Uint32Array.from({ length: 6 }, (_, index) => changed[index] ?? colour);
}

describe('an encoder of flat macroblocks', () => {
  it('begins key frames with an IDR slice, and others with a slice that refers', () => {
    const encoder = new BlockEncoder(GRID);
    const types = [true, false, false, true].map((isKey) => encoder.encode(picture(RED), isKey)[0]! & 31);
    expect(types).toEqual([5, 1, 1, 5]);
  });

  it('says of a picture that has not changed only that all macroblocks are skipped', () => {
    const encoder = new BlockEncoder(GRID);
    encoder.encode(picture(RED), true);
    // 1 00110 1 0001 000 is the slice header, 00101 010 its quantiser and no deblocking, 00111 a run of 6.
    expect(encoder.encode(picture(RED), false).toString('hex')).toBe('419a20a8f0');
  });

  it('gives two key frames in a row different ids', () => {
    const encoder = new BlockEncoder(GRID);
    const [first, second, third] = [1, 2, 3].map(() => encoder.encode(picture(GRAY), true).toString('hex'));
    expect(second).not.toBe(first);
    expect(third).toBe(first);
  });

  it('writes a changed macroblock and the one behind it no second time', () => {
    const encoder = new BlockEncoder(GRID);
    encoder.encode(picture(RED), true);
    const one = encoder.encode(picture(RED, { 4: GRAY }), false);
    const none = encoder.encode(picture(RED, { 4: GRAY }), false);
    expect(one.length).toBeGreaterThan(none.length);
    expect(none).toHaveLength(5);
  });
});
