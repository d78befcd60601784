import { describe, expect, it } from 'vitest';
import { avcConfig, blocksOf } from '../../../../src/load/test-picture/parameter-sets.js';
import { parseAvcSps } from '../../../../src/media/avc.js';

function spsOf(config: Buffer): Buffer {
  return config.subarray(8, 8 + config.readUInt16BE(6));
}

describe('the parameter sets of a test picture', () => {
  it.each([
    [640, 360, 25, 30],
    [1280, 720, 30, 31],
    [1280, 720, 60, 32],
    [1920, 1080, 30, 40],
    [1920, 1080, 60, 42],
    [3840, 2160, 30, 51],
    [3840, 2160, 60, 52],
  ])('say %ix%i at %i frames a second, level %i', (width, height, fps, level) => {
    const config = avcConfig({ width, height, fps });
    expect([...config.subarray(0, 4)]).toEqual([1, 66, 0xc0, level]);
    expect(parseAvcSps(spsOf(config))).toMatchObject({ width, height });
  });

  it('count macroblocks that are seen in part', () => {
    expect(blocksOf({ width: 640, height: 360, fps: 25 })).toEqual({ columns: 40, rows: 23 });
  });
});
