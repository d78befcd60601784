import { describe, expect, it } from 'vitest';
import { byteLimits, LimitWatch } from '../../../src/live/limit-watch.js';
import type { StreamLimits } from '../../../src/model/grant.js';
import type { Track } from '../../../src/model/track.js';

const HD: Track = { id: 0, kind: 'video', codec: 'avc1.64001f', width: 1280, height: 720 };
const SD: Track = { ...HD, width: 640, height: 360 };

function watch(limits: StreamLimits) {
  const told: string[] = [];
  const actions = {
    end: (code: string, text: string) => void told.push(`end ${code}: ${text}`),
    warn: (code: string, text: string) => void told.push(`warn ${code}: ${text}`),
  };
  return { told, watch: new LimitWatch(limits, 0, actions) };
}

describe('a watch over limits', () => {
  it('ends a stream whose tracks are past a limit', () => {
    const { told, watch: it } = watch({ height: 480 });
    it.shown([SD]);
    expect(told).toEqual([]);
    it.shown([HD]);
    expect(told).toEqual(['end ERR_LIMIT_SIZE: 1280x720; a height of 480 is allowed']);
  });

  it('warns once for each excess where the limits say so', () => {
    const { told, watch: it } = watch({ height: 480, action: 'warn' });
    it.shown([HD]);
    it.shown([HD]);
    expect(told).toEqual(['warn ERR_LIMIT_SIZE: 1280x720; a height of 480 is allowed']);
  });

  it('takes other limits while the stream runs', () => {
    const { told, watch: it } = watch({});
    it.shown([HD]);
    it.limits = { width: 640 };
    it.shown([HD]);
    expect(told.length).toBe(1);
  });

  it('names the codecs that are allowed when one was kept from the players', () => {
    const { told, watch: it } = watch({ codecs: ['avc1', 'mp4a'] });
    it.codecRefused('hvc1.1.6.L93');
    expect(told).toEqual(['end ERR_LIMIT_CODEC: hvc1.1.6.L93; avc1, mp4a are allowed']);
  });

  it('has the byte side guard codecs only where an excess ends the stream', () => {
    expect(byteLimits({ codecs: ['avc1'] }).codecs).toEqual(['avc1']);
    expect(byteLimits({ codecs: ['avc1'], action: 'warn' }).codecs).toBeUndefined();
    expect(byteLimits({}).codecs).toBeUndefined();
  });

  it('has the byte side tell more often what it counts only where a rate is limited', () => {
    expect(byteLimits({ kbps: 1 }).isMetered).toBe(true);
    expect(byteLimits({ fps: 1, action: 'warn' }).isMetered).toBe(true);
    expect(byteLimits({ width: 1, durationMs: 1, maxGopMs: 1 }).isMetered).toBe(false);
  });
});
