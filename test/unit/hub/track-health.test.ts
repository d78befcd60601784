import { describe, expect, it } from 'vitest';
import type { TrackTime } from '../../../src/hub/track-activity.js';
import { TrackHealth } from '../../../src/hub/track-health.js';

const audio = (lastMs: number, trackId = 0): TrackTime => ({ kind: 'audio', trackId, lastMs });
const video = (lastMs: number, trackId = 0): TrackTime => ({ kind: 'video', trackId, lastMs });

describe('the health of tracks', () => {
  it('says nothing of a track that never came, nor while frames flow', () => {
    const health = new TrackHealth(3000);
    for (let nowMs = 1000; nowMs < 60_000; nowMs += 250) {
      expect(health.look([video(nowMs - 40), video(nowMs - 30, 1)], nowMs)).toEqual([]);
    }
  });

  it('tells once that a track stalls, exactly when it is due, and once that it has recovered', () => {
    const health = new TrackHealth(3000);
    expect(health.look([audio(1000), video(1000)], 1000)).toEqual([]);
    expect(health.look([audio(3999), video(1000)], 3999)).toEqual([]);
    expect(health.look([audio(4000), video(1000)], 4000)).toEqual([
      { verb: 'stalled', kind: 'video', trackId: 0, gapMs: 3000, cause: 'no_frames' },
    ]);
    expect(health.look([audio(9000), video(1000)], 9000)).toEqual([]);
    expect(health.look([audio(9100), video(9100)], 9100)).toEqual([]);
    expect(health.look([audio(10_000), video(10_000)], 10_000)).toEqual([]);
    expect(health.look([audio(10_100), video(10_100)], 10_100)).toEqual([
      { verb: 'recovered', kind: 'video', trackId: 0, gapMs: 8100 },
    ]);
  });

  it('tells tracks of one kind apart, and those that come later', () => {
    const health = new TrackHealth(3000);
    health.look([video(1000)], 1000);
    expect(health.look([video(3000), video(2000, 7)], 3000)).toEqual([]);
    expect(health.look([video(5000), video(2000, 7)], 5000)).toEqual([
      { verb: 'stalled', kind: 'video', trackId: 7, gapMs: 3000, cause: 'no_frames' },
    ]);
    expect(health.look([video(5000), video(6000, 7)], 6000)).toEqual([]);
    expect(health.look([video(5000), video(8000, 7)], 8000)).toEqual([
      { verb: 'stalled', kind: 'video', trackId: 0, gapMs: 3000, cause: 'no_frames' },
      { verb: 'recovered', kind: 'video', trackId: 7, gapMs: 4000 },
    ]);
  });

  it('tells a stream that has stopped as a whole from a track that has', () => {
    const health = new TrackHealth(3000);
    health.look([audio(1020), video(1000)], 1020);
    expect(health.look([audio(1020), video(1000)], 4100)).toEqual([
      { verb: 'stalled', kind: 'audio', trackId: 0, gapMs: 3080, cause: 'no_media' },
      { verb: 'stalled', kind: 'video', trackId: 0, gapMs: 3100, cause: 'no_media' },
    ]);
  });

  it('does not take a single frame for a recovery', () => {
    const health = new TrackHealth(1000);
    health.look([audio(1000)], 1000);
    expect(health.look([audio(1000)], 2000).length).toBe(1);
    expect(health.look([audio(2100)], 2100)).toEqual([]);
    expect(health.look([audio(2100)], 3100)).toEqual([]);
    expect(health.look([audio(3200)], 3200)).toEqual([]);
    expect(health.look([audio(4100)], 4100)).toEqual([]);
  });

  it('can be turned off', () => {
    const health = new TrackHealth(0);
    health.look([audio(1), video(1)], 1);
    expect(health.look([audio(1), video(1)], 10 ** 9)).toEqual([]);
  });
});
