import { describe, expect, it } from 'vitest';
import type { FlvTag } from '../../../../src/flv/flv-format.js';
import { TestPicture, type TestPictureOptions } from '../../../../src/load/test-picture/test-picture.js';

const SHAPE: TestPictureOptions = {
  ...{ width: 640, height: 360, fps: 25, hasAudio: true },
  startMs: new Date(2026, 0, 31, 12, 0, 0).getTime(),
};

function tags(count: number, more: Partial<TestPictureOptions> = {}): FlvTag[] {
  const picture = new TestPicture({ ...SHAPE, ...more });
  return Array.from({ length: count }, () => picture.next());
}

describe('the tags of a test picture', () => {
  it('begin with metadata and both sequence headers, or one without sound', () => {
    const kinds = (hasAudio: boolean): number[] =>
      new TestPicture({ ...SHAPE, hasAudio }).headers().map(({ type }) => type);
    expect(kinds(true)).toEqual([18, 9, 8]);
    expect(kinds(false)).toEqual([18, 9]);
  });

  it('come in the order of their times, each frame and each sound at its own', () => {
    const all = tags(200);
    const times = all.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const video = all.filter(({ type }) => type === 9).map(({ timestamp }) => timestamp);
    const audio = all.filter(({ type }) => type === 8).map(({ timestamp }) => timestamp);
    expect(video.slice(0, 4)).toEqual([0, 40, 80, 120]);
    expect(audio.slice(0, 4)).toEqual([0, 21, 43, 64]);
  });

  it('have a key frame every two seconds', () => {
    const keys = tags(110, { hasAudio: false }).flatMap(({ payload }, index) => (payload[0] === 0x17 ? [index] : []));
    expect(keys).toEqual([0, 50, 100]);
  });

  it('stay small: below 100 kbit/s of video at this size', () => {
    const bytes = tags(100, { hasAudio: false }).reduce((sum, { payload }) => sum + payload.length, 0);
    expect((bytes * 8) / 4000).toBeLessThan(100);
  });
});
