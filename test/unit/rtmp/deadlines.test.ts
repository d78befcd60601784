import { describe, expect, it } from 'vitest';
import { handshakeLimitMs, publishProblem } from '../../../src/rtmp/deadlines.js';

describe('deadlines', () => {
  it('give the handshake less time until C0 and C1 are there', () => {
    const limits = { firstBytesTimeoutMs: 5000, handshakeTimeoutMs: 10_000 };
    expect([0, 1536, 1537].map((bytes) => handshakeLimitMs(bytes, limits))).toEqual([5000, 5000, 10_000]);
    expect(handshakeLimitMs(0, { firstBytesTimeoutMs: 5000, handshakeTimeoutMs: 2000 })).toBe(2000);
  });

  it('let a publisher go that sends nothing, first frame and later ones apart', () => {
    const limits = { firstFrameTimeoutMs: 20_000, idleTimeoutMs: 10_000 };
    const tracks = { dataMs: 0 };
    const nothing = { startedMs: 1000, lastAudioMs: 0, lastVideoMs: 0, tracks };
    expect(publishProblem(nothing, limits, 20_999)).toBeUndefined();
    expect(publishProblem(nothing, limits, 21_000)).toBe('ERR_PUBLISH_NO_MEDIA');
    const audioOnly = { startedMs: 1000, lastAudioMs: 50_000, lastVideoMs: 2000, tracks };
    expect(publishProblem(audioOnly, limits, 59_999)).toBeUndefined();
    expect(publishProblem(audioOnly, limits, 60_000)).toBe('ERR_PUBLISH_IDLE');
    const dataOnly = { ...nothing, tracks: { dataMs: 50_000 } };
    expect(publishProblem(dataOnly, limits, 59_999)).toBeUndefined();
    expect(publishProblem(dataOnly, limits, 60_000)).toBe('ERR_PUBLISH_IDLE');
  });
});
