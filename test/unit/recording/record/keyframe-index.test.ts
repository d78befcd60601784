import { describe, expect, it } from 'vitest';
import { KeyframeIndex } from '../../../../src/recording/record/keyframe-index.js';

function filled(capacity: number, keyframes: number): KeyframeIndex {
  const index = new KeyframeIndex(capacity);
  for (let i = 0; i < keyframes; i++) index.add(i * 1000, 100 + i);
  return index;
}

describe('an index of keyframes', () => {
  it('keeps all while there is room', () => {
    expect(filled(4, 4).timesMs).toEqual([0, 1000, 2000, 3000]);
    expect(filled(4, 4).positions).toEqual([100, 101, 102, 103]);
  });

  it.each([
    [5, [0, 2000, 4000]],
    [6, [0, 2000, 4000]],
    [8, [0, 2000, 4000, 6000]],
    [9, [0, 4000, 8000]],
    [1000, [0, 256_000, 512_000, 768_000]],
  ])('has equal distances after %i keyframes in the room of four, the first always among them', (keyframes, times) => {
    expect(filled(4, keyframes).timesMs).toEqual(times);
  });

  it('leaves out what is cut off', () => {
    const index = filled(4, 4);
    index.cut(102);
    expect([index.timesMs, index.positions]).toEqual([
      [0, 1000],
      [100, 101],
    ]);
  });
});
