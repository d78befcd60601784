import { describe, expect, it } from 'vitest';
import { TrackHealth } from '../../../src/server/track-health.js';

describe('the health of tracks', () => {
  it('says nothing of a kind that never came, nor while frames flow', () => {
    const health = new TrackHealth(3000);
    for (let nowMs = 1000; nowMs < 60_000; nowMs += 250) {
      expect(health.look({ lastAudioMs: 0, lastVideoMs: nowMs - 40 }, nowMs)).toEqual([]);
    }
  });

  it('tells once that a kind stalls, exactly when it is due, and once that it has recovered', () => {
    const health = new TrackHealth(3000);
    expect(health.look({ lastAudioMs: 1000, lastVideoMs: 1000 }, 1000)).toEqual([]);
    expect(health.look({ lastAudioMs: 3999, lastVideoMs: 1000 }, 3999)).toEqual([]);
    expect(health.look({ lastAudioMs: 4000, lastVideoMs: 1000 }, 4000)).toEqual([
      { verb: 'stalled', kind: 'video', gapMs: 3000 },
    ]);
    expect(health.look({ lastAudioMs: 9000, lastVideoMs: 1000 }, 9000)).toEqual([]);
    expect(health.look({ lastAudioMs: 9100, lastVideoMs: 9100 }, 9100)).toEqual([]);
    expect(health.look({ lastAudioMs: 10_000, lastVideoMs: 10_000 }, 10_000)).toEqual([]);
    expect(health.look({ lastAudioMs: 10_100, lastVideoMs: 10_100 }, 10_100)).toEqual([
      { verb: 'recovered', kind: 'video', gapMs: 8100 },
    ]);
  });

  it('does not take a single frame for a recovery', () => {
    const health = new TrackHealth(1000);
    health.look({ lastAudioMs: 1000, lastVideoMs: 0 }, 1000);
    expect(health.look({ lastAudioMs: 1000, lastVideoMs: 0 }, 2000).length).toBe(1);
    expect(health.look({ lastAudioMs: 2100, lastVideoMs: 0 }, 2100)).toEqual([]);
    expect(health.look({ lastAudioMs: 2100, lastVideoMs: 0 }, 3100)).toEqual([]);
    expect(health.look({ lastAudioMs: 3200, lastVideoMs: 0 }, 3200)).toEqual([]);
    expect(health.look({ lastAudioMs: 4100, lastVideoMs: 0 }, 4100)).toEqual([]);
  });

  it('can be turned off', () => {
    const health = new TrackHealth(0);
    health.look({ lastAudioMs: 1, lastVideoMs: 1 }, 1);
    expect(health.look({ lastAudioMs: 1, lastVideoMs: 1 }, 10 ** 9)).toEqual([]);
  });
});
