import { describe, expect, it } from 'vitest';
import { isSameTile, type Listed, tileFacts } from '../../../../src/page/views/tile-facts.js';

const STREAM: Listed = {
  streamId: '01J',
  app: 'live',
  name: 'cam1',
  state: 'ready',
  startedAt: '2026-11-27T06:00:00Z',
  tracks: [
    { id: 0, kind: 'video', codec: 'avc1.64001f', width: 1280, height: 720, fps: 30 },
    { id: 0, kind: 'audio', codec: 'mp4a.40.2' },
  ],
  players: 2,
  kbpsIn: 4512.3,
  kbpsOut: 9024,
  delayMs: 840,
};
const NOW = Date.parse('2026-11-27T06:05:10Z');

describe('a tile', () => {
  it('tells a stream in words', () => {
    expect(tileFacts(STREAM, NOW)).toEqual({
      streamId: '01J',
      app: 'live',
      name: 'cam1',
      state: 'ready',
      codec: 'avc1.64001f',
      media: 'H.264 1280x720@30 + AAC',
      rateIn: '4512 kbit/s',
      rateOut: '9024 kbit/s',
      players: '2',
      delay: '840 ms',
      age: '5 min',
      trouble: '',
    });
  });

  it('tells what is not known as nothing, and further tracks by their number', () => {
    const { delayMs: _, ...rest } = STREAM;
    const more = tileFacts({ ...rest, tracks: [...STREAM.tracks, { id: 1, kind: 'audio', codec: 'opus' }] }, NOW);
    expect([more.delay, more.media]).toEqual(['', 'H.264 1280x720@30 + AAC + 1 more']);
    const silent = tileFacts({ ...rest, tracks: [] }, NOW);
    expect([silent.codec, silent.media]).toEqual(['', '']);
  });

  it('is the same while none of its words changes', () => {
    const tile = tileFacts(STREAM, NOW);
    expect(isSameTile(tile, tileFacts({ ...STREAM, kbpsIn: 4511.9 }, NOW + 20_000))).toBe(true);
    expect(isSameTile(tile, tileFacts({ ...STREAM, players: 3 }, NOW))).toBe(false);
  });
});
