import { describe, expect, it } from 'vitest';
import { ProgressReader } from '../../../../src/jobs/run/progress.js';

/** A block as ffmpeg 5.1 writes it. */
const BLOCK = [
  'frame=125',
  'fps=25.02',
  'stream_0_0_q=-1.0',
  'bitrate= 512.3kbits/s',
  'total_size=320123',
  'out_time_us=5000167',
  'out_time_ms=5000167',
  'out_time=00:00:05.000167',
  'dup_frames=1',
  'drop_frames=2',
  'speed=1.01x',
  'progress=continue',
  '',
].join('\n');

const WHOLE = {
  frame: 125,
  fps: 25.02,
  bitrateKbps: 512.3,
  totalBytes: 320123,
  outTimeMs: 5000.167,
  dupFrames: 1,
  dropFrames: 2,
  speed: 1.01,
};

describe('ProgressReader', () => {
  it('reads a block of ffmpeg at every split', () => {
    const bytes = Buffer.from(BLOCK);
    for (let split = 0; split <= bytes.length; split++) {
      const reader = new ProgressReader();
      const grew = [reader.push(bytes.subarray(0, split)), reader.push(bytes.subarray(split))];
      expect([split, reader.latest]).toEqual([split, WHOLE]);
      expect([split, grew.filter(Boolean).length]).toEqual([split, 1]);
    }
  });

  it('shows nothing of a block before its end, and no member of the block before in the next', () => {
    const reader = new ProgressReader();
    reader.push(Buffer.from('frame=1\nspeed=2x\n'));
    expect(reader.latest).toEqual({});
    reader.push(Buffer.from('progress=continue\nframe=2\nprogress=end\n'));
    expect(reader.latest).toEqual({ frame: 2 });
  });

  it.each([
    ['frame=10', true],
    ['frame=11', true],
    ['total_size=1', true],
    ['out_time_us=1000', true],
    ['frame=9', false],
    ['frame=10', false],
    ['fps=99', false],
    ['dup_frames=99', false],
    ['total_size=N/A', false],
  ])('takes %s after frame=10 as growth: %s', (line, grew) => {
    const reader = new ProgressReader();
    if (line !== 'frame=10' || !grew) reader.push(Buffer.from('frame=10\nprogress=continue\n'));
    expect(reader.push(Buffer.from(`${line}\nprogress=continue\n`))).toBe(grew);
  });

  it.each([
    'frame=-9223372036854775808',
    'frame=1e9',
    'frame=0x10',
    'frame=Infinity',
    'frame=',
    'frame',
    '=1',
    'frame=1=2',
    'frame=99999999999999999999',
    '__proto__=1',
    'constructor=1',
    'toString=1',
    '\u0000\u0001\u0002',
    'naïve=\u20ac',
  ])('ignores the line %j', (line) => {
    const reader = new ProgressReader();
    expect(reader.push(Buffer.from(`${line}\nprogress=continue\n`))).toBe(false);
    expect(reader.latest).toEqual({});
  });

  it('ignores a line of any length, reads the next, and holds no more than a line may have', () => {
    const reader = new ProgressReader();
    const part = Buffer.alloc(1 << 20, 'x');
    for (let i = 0; i < 8; i++) expect(reader.push(part)).toBe(false);
    expect(reader.push(Buffer.from('\nframe=3\nprogress=end\n'))).toBe(true);
    expect(reader.latest).toEqual({ frame: 3 });
  });
});
