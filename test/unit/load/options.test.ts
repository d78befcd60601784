import { describe, expect, it } from 'vitest';
import { type LoadOptions, loadSettings, sourceOf, streamNameOf } from '../../../src/load/options.js';

describe('load options', () => {
  const settings = (o: Partial<LoadOptions>) =>
    loadSettings({ mode: 'play', url: 'rtmp://127.0.0.1/live/cam?key=1', ...o });

  it('keeps the name of a single publisher and numbers many, query last', () => {
    expect(streamNameOf(settings({ mode: 'publish' }), 0)).toBe('cam?key=1');
    const many = settings({ mode: 'publish', count: 3 });
    expect([0, 1, 2].map((i) => streamNameOf(many, i))).toEqual(['cam-1?key=1', 'cam-2?key=1', 'cam-3?key=1']);
  });

  it('spreads players over names only when asked to', () => {
    expect(streamNameOf(settings({ count: 9 }), 8)).toBe('cam?key=1');
    expect([0, 1, 2].map((i) => streamNameOf(settings({ count: 9, streams: 2 }), i))).toEqual([
      'cam-1?key=1',
      'cam-2?key=1',
      'cam-1?key=1',
    ]);
  });

  it('spreads over source addresses on loopback only', () => {
    const many = settings({ count: 12_000 });
    expect([0, 1, 2].map((i) => sourceOf(many, i))).toEqual(['127.0.0.2', '127.0.0.3', '127.0.0.2']);
    expect(sourceOf(settings({ count: 8000 }), 0)).toBeUndefined();
    expect(sourceOf(settings({ count: 12_000, url: 'rtmp://10.0.0.1/live/cam', sources: 5 }), 0)).toBeUndefined();
  });

  it.each([
    { count: 0 },
    { count: 1.5 },
    { count: Number.NaN },
    { seconds: 0 },
    { rate: 0 },
    { kbps: 10 },
    { chunkSize: 127 },
    { chunkSize: 0x1000000 },
    { sources: 251 },
  ])('refuses %o', (bad) => {
    expect(() => settings(bad)).toThrow(expect.objectContaining({ code: 'ERR_LOAD_OPTION' }));
  });
});
