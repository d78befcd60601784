import { describe, expect, it } from 'vitest';
import {
  ago,
  codecName,
  count,
  duration,
  exactTime,
  milliseconds,
  pictureSize,
  plural,
  rate,
  roughly,
  sentence,
  size,
  timeOfDay,
  trackWords,
} from '../../../src/page/format.js';

describe('a number on the page', () => {
  it('is grouped by thousands', () => {
    expect([0, 999, 1000, 1234567.4].map(count)).toEqual(['0', '999', '1,000', '1,234,567']);
  });

  it('goes with its noun', () => {
    expect([0, 1, 1200].map((value) => plural(value, 'player'))).toEqual(['0 players', '1 player', '1,200 players']);
  });
});

describe('what the server says', () => {
  it('is a sentence', () => {
    expect(['it has no frames', 'NATS is down.', ''].map(sentence)).toEqual(['It has no frames.', 'NATS is down.', '']);
  });
});

describe('a length of time', () => {
  it('is written as the commands write it', () => {
    expect([0, 1500, 59_949, 123_000, 3_723_000].map(duration)).toEqual([
      '0.0 s',
      '1.5 s',
      '59.9 s',
      '2:03',
      '1:02:03',
    ]);
  });

  it('has its two largest units in passing', () => {
    const lengths = [-5, 12_900, 300_000, 3_600_000, 7_500_000, 86_400_000, 273_600_000];
    expect(lengths.map(roughly)).toEqual(['0 s', '12 s', '5 min', '1 h', '2 h 5 min', '1 d', '3 d 4 h']);
  });

  it('is in milliseconds where it is short', () => {
    expect([0, 840.4, 999, 2400, -300].map(milliseconds)).toEqual(['0 ms', '840 ms', '999 ms', '2.4 s', '-300 ms']);
  });
});

describe('a time', () => {
  const now = Date.parse('2026-11-27T06:52:48.500Z');

  it('is told from now, before and after', () => {
    expect(ago('2026-11-27T06:52:48Z', now)).toBe('just now');
    expect(ago('2026-11-27T06:52:36Z', now)).toBe('12 s ago');
    expect(ago('2026-11-27T06:57:48.500Z', now)).toBe('in 5 min');
  });

  it('is told exactly where the browser is', () => {
    const local = new Date(2026, 0, 2, 3, 4, 5).toISOString();
    expect(exactTime(local)).toBe('2026-01-02 03:04:05');
    expect(timeOfDay(local)).toBe('03:04:05');
  });

  it('is nothing where it is none', () => {
    expect([ago('x', now), exactTime('x'), timeOfDay('x')]).toEqual(['', '', '']);
  });
});

describe('an amount of data', () => {
  it('is in powers of ten', () => {
    expect([0, 999, 1000, 12_345_678, 5e15].map(size)).toEqual(['0 B', '999 B', '1.0 kB', '12.3 MB', '5000.0 TB']);
  });

  it('is a rate in kbit/s, and in larger units from ten Mbit/s on', () => {
    expect([0, 4512.4, 9999, 10_000, 1_234_000, 25_000_000].map(rate)).toEqual([
      '0 kbit/s',
      '4512 kbit/s',
      '9999 kbit/s',
      '10.0 Mbit/s',
      '1.2 Gbit/s',
      '25.0 Gbit/s',
    ]);
  });
});

describe('a track', () => {
  it('is told by the names that people know', () => {
    const codecs = ['avc1.64001f', 'hvc1.1.6.L93.B0', 'av01.0.04M.08', 'vp09.00.10.08', 'mp4a.40.2', 'mp4a.40.34'];
    expect(codecs.map(codecName)).toEqual(['H.264', 'HEVC', 'AV1', 'VP9', 'AAC', 'MP3']);
    expect(codecName('nellymoser')).toBe('nellymoser');
    expect(codecName('<b>')).toBe('<b>');
  });

  it('has a size with the rate that was measured, else the one that is claimed', () => {
    const video = { id: 0, kind: 'video', codec: 'avc1.64001f', width: 1280, height: 720 } as const;
    expect(pictureSize(video)).toBe('1280x720');
    expect(pictureSize({ ...video, declaredFps: 30 })).toBe('1280x720@30');
    expect(pictureSize({ ...video, declaredFps: 30, fps: 29.9704 })).toBe('1280x720@29.97');
    expect(pictureSize({ id: 0, kind: 'video', codec: 'avc1' })).toBe('');
    expect(trackWords({ ...video, fps: 25 })).toBe('H.264 1280x720@25');
  });

  it('has rate and channels where it is sound', () => {
    const audio = { id: 0, kind: 'audio', codec: 'mp4a.40.2' } as const;
    expect(trackWords({ ...audio, sampleRate: 44_100, channels: 2 })).toBe('AAC 44.1 kHz stereo');
    expect(trackWords({ ...audio, codec: 'opus', channels: 8 })).toBe('Opus 8 channels');
    expect(trackWords(audio)).toBe('AAC');
  });
});
