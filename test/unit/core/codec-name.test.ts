import { describe, expect, it } from 'vitest';
import { codecName } from '../../../src/core/codec-name.js';

describe('the name of a codec', () => {
  it.each([
    ['avc1.64001F', 'h264'],
    ['hvc1.1.6.L93.B0', 'hevc'],
    ['av01.0.04M.08', 'av1'],
    ['vp09.00.10.08', 'vp9'],
    ['mp4a.40.2', 'aac'],
    ['.mp3', 'mp3'],
    ['ac-3', 'ac3'],
    ['Opus', 'opus'],
    ['flv1.x', 'flv1.x'],
    ['', ''],
  ])('%j is %j', (codec, name) => {
    expect(codecName(codec)).toBe(name);
  });
});
