import { describe, expect, it } from 'vitest';
import { toneFrame } from '../../../../src/load/test-picture/tone.js';

const SILENCE = toneFrame(500, 0);

describe('the tone', () => {
  it('is the same whole beep at each second, however frames lie in it, and silence else', () => {
    const startMs = 1_700_000_000_400;
    const frames = Array.from({ length: 460 }, (_, index) => toneFrame(startMs, index));
    const beeps: Buffer[][] = [];
    for (const [at, frame] of frames.entries()) {
      if (frame === SILENCE) continue;
      if (frames[at - 1] === SILENCE) beeps.push([]);
      beeps.at(-1)?.push(frame);
    }
    expect(beeps).toHaveLength(10);
    expect(beeps.every((beep) => beep.length === 7 && beep.every((frame, i) => frame === beeps[0]![i]))).toBe(true);
  });
});
