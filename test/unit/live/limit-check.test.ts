import { describe, expect, it } from 'vitest';
import type { StreamSample } from '../../../src/live/access.js';
import { LimitCheck, ofTracks } from '../../../src/live/limit-check.js';
import { NOTHING_CARRIED } from '../../../src/live/nothing.js';
import type { StreamLimits } from '../../../src/model/grant.js';
import type { Track } from '../../../src/model/track.js';

const VIDEO: Track = { id: 0, kind: 'video', codec: 'avc1.64001f', width: 1280, height: 720, fps: 25 };
const UNMEASURED: Track = { id: 0, kind: 'video', codec: 'avc1.64001f' };
const AUDIO: Track = { id: 0, kind: 'audio', codec: 'mp4a.40.2' };
const STARTED_MS = 1000;

/** A publisher whose rates are functions of the time since its start, in ms. */
interface Publisher {
  /** In kbit/s. */
  readonly kbps?: (ms: number) => number;
  readonly fps?: (ms: number) => number;
  readonly tracks?: readonly Track[];
  readonly gopMs?: number;
  readonly openGopMs?: (ms: number) => number;
  readonly isHeld?: (ms: number) => boolean;
  /** Time from one sample to the next, in ms. */
  readonly everyMs?: number;
  /** Called before the sample of a time. */
  readonly before?: (check: LimitCheck, ms: number) => void;
}

/** Runs a publisher for some time, in ms; returns the first excess, and when it was found. */
function run(limits: StreamLimits, publisher: Publisher, lastsMs: number): { code: string; ms: number } | undefined {
  const { kbps = () => 0, fps = () => 0, tracks = [], gopMs, openGopMs, isHeld, everyMs = 250, before } = publisher;
  const check = new LimitCheck(limits, STARTED_MS);
  let payloadBytes = 0;
  let videoFrames = 0;
  for (let ms = 0; ms < lastsMs; ms += 10) {
    payloadBytes += (kbps(ms) * 10) / 8;
    videoFrames += fps(ms) / 100;
    if ((ms + 10) % everyMs !== 0) continue;
    const at = ms + 10;
    before?.(check, at);
    const sample: StreamSample = {
      kind: 'streamSampled',
      streamId: 'one',
      atMs: STARTED_MS + at,
      isHeld: isHeld?.(ms) ?? false,
      counters: { ...NOTHING_CARRIED, payloadBytes, videoFrames },
      tracks,
      gopMs,
      openGopMs: openGopMs?.(at),
      newestTimestamp: undefined,
    };
    const excess = check.ofSample(sample);
    if (excess !== undefined) return { code: excess.code, ms: at };
  }
  return undefined;
}

const HOUR = 3_600_000;

describe('LimitCheck', () => {
  it('finds nothing when there is no limit', () => {
    expect(run({}, { kbps: () => 1e6, fps: () => 1000, tracks: [VIDEO, AUDIO], gopMs: 1e6 }, 60_000)).toBeUndefined();
  });

  describe.each([250, 1000, 1250])('with a sample every %i ms', (everyMs) => {
    it('lets a bit rate at its limit pass for an hour', () => {
      expect(run({ kbps: 1000 }, { everyMs, kbps: () => 1000 }, HOUR)).toBeUndefined();
    });

    it('finds 20 % more within 6 s from the end of the free time', () => {
      const found = run({ kbps: 1000 }, { everyMs, kbps: () => 1200 }, 60_000);
      expect(found?.code).toBe('ERR_LIMIT_KBPS');
      expect(found?.ms).toBeGreaterThan(10_000);
      expect(found?.ms).toBeLessThanOrEqual(16_000);
    });

    it.each([20_000, 20_300, 20_600, 20_900, 21_200])(
      'finds a rise from nearly nothing to twenty per cent more at %i ms within 6 s',
      (risesMs) => {
        const found = run({ kbps: 1000 }, { everyMs, kbps: (ms) => (ms < risesMs ? 50 : 1200) }, 60_000);
        expect(found?.ms).toBeGreaterThan(risesMs);
        expect(found?.ms).toBeLessThanOrEqual(risesMs + 6000);
      },
    );

    it('finds a limit that is lowered below the rate within 6 s and not before 3 s', () => {
      const before = (check: LimitCheck, ms: number): void => {
        if (ms === 20_000) check.limits = { kbps: 1000 };
      };
      const found = run({ kbps: 5000 }, { everyMs, kbps: () => 3000, before }, 60_000);
      expect(found?.ms).toBeGreaterThan(23_000);
      expect(found?.ms).toBeLessThanOrEqual(26_000);
    });

    it('finds a frame rate of 20 % more that no track has measured yet', () => {
      const found = run({ fps: 30 }, { everyMs, fps: () => 36, tracks: [UNMEASURED] }, 60_000);
      expect(found?.code).toBe('ERR_LIMIT_FPS');
      expect(found?.ms).toBeLessThanOrEqual(16_000);
    });
  });

  it('lets the first 10 s be as fast as they like', () => {
    expect(run({ kbps: 1000 }, { kbps: (ms) => (ms < 10_000 ? 20_000 : 1000) }, 60_000)).toBeUndefined();
  });

  it('lets large keyframes at any distance pass when the mean is at the limit', () => {
    // The share of a GOP that its keyframe has; it comes within 10 ms.
    const shares = [
      [500, 0.3],
      [1000, 0.3],
      [2000, 0.3],
      [4000, 0.2],
      [5000, 0.2],
    ] as const;
    for (const [gopMs, share] of shares) {
      for (const shift of [0, 10, 990, 1240]) {
        const key = (1000 * gopMs * share) / 10;
        const kbps = (ms: number): number => ((ms + shift) % gopMs === 0 ? key : 0) + 1000 * (1 - share);
        for (const everyMs of [250, 1000, 1250])
          expect(run({ kbps: 1000 }, { kbps, everyMs }, 600_000), `GOP of ${gopMs} ms, ${shift}`).toBeUndefined();
      }
    }
  });

  it('finds 20 % more within 6 s whatever the phase of large keyframes, also where the rate varies', () => {
    for (let shift = 0; shift < 1000; shift += 70) {
      const keyframe = (ms: number): number => ((ms + shift) % 1000 === 0 ? 25_000 : 0);
      const kbps = (ms: number): number => (keyframe(ms) + 750) * (1.2 + 0.04 * Math.sin((ms + 7 * shift) / 800));
      const lowered = (check: LimitCheck, ms: number): void => {
        if (ms === 20_250) check.limits = { kbps: 1000 };
      };
      expect(run({ kbps: 1000 }, { kbps }, 60_000)?.ms).toBeLessThanOrEqual(16_000);
      expect(run({ kbps: 2000 }, { kbps, before: lowered }, 60_000)?.ms).toBeLessThanOrEqual(26_250);
    }
  });

  it('finds 20 % more of an encoder that sends twice a second', () => {
    const kbps = (ms: number): number => (ms % 500 === 0 ? 1200 * 50 : 0);
    expect(run({ kbps: 1000 }, { kbps }, 60_000)?.ms).toBeLessThanOrEqual(16_000);
  });

  it('lets large keyframes pass that take 400 ms to come', () => {
    const kbps = (ms: number): number => (ms % 4000 < 400 ? 800 + 2000 : 800);
    expect(run({ kbps: 1000 }, { kbps }, 600_000)).toBeUndefined();
  });

  it('does not count what a network held back while nothing came', () => {
    const kbps = (ms: number): number => {
      if (ms >= 20_000 && ms < 24_000) return 0;
      return ms >= 24_000 && ms < 24_500 ? 9000 : 1000;
    };
    expect(run({ kbps: 1000 }, { kbps }, 60_000)).toBeUndefined();
  });

  it('counts a burst that is more than was held back', () => {
    const kbps = (ms: number): number => {
      if (ms >= 20_000 && ms < 24_000) return 0;
      return ms >= 24_000 && ms < 26_500 ? 9000 : 1000;
    };
    expect(run({ kbps: 1000 }, { kbps }, 60_000)?.code).toBe('ERR_LIMIT_KBPS');
  });

  it('gives a publisher that is back the free time again', () => {
    const isHeld = (ms: number): boolean => ms >= 20_000 && ms < 25_000;
    const kbps = (ms: number): number => (isHeld(ms) ? 0 : ms >= 25_000 && ms < 34_000 ? 5000 : 1000);
    expect(run({ kbps: 1000 }, { kbps, isHeld }, 60_000)).toBeUndefined();
    expect(run({ kbps: 1000 }, { kbps: (ms) => (ms < 25_000 ? 1000 : 1200), isHeld }, 60_000)?.ms).toBeLessThan(42_000);
  });

  it('measures on when the same limits are set again each second', () => {
    const before = (check: LimitCheck): void => {
      check.limits = { kbps: 1000 };
    };
    expect(run({ kbps: 1000 }, { kbps: () => 1200, before }, 60_000)?.code).toBe('ERR_LIMIT_KBPS');
  });

  it('divides frames among the video tracks', () => {
    const tracks = [VIDEO, { ...VIDEO, id: 1 }];
    expect(run({ fps: 25 }, { fps: () => 50, tracks }, 60_000)).toBeUndefined();
    expect(run({ fps: 25 }, { fps: () => 60, tracks }, 60_000)?.code).toBe('ERR_LIMIT_FPS');
  });

  it('lets a GOP be 10 % longer than its limit, and finds one of 20 % more', () => {
    expect(run({ maxGopMs: 2000 }, { gopMs: 2200, openGopMs: () => 2200 }, 60_000)).toBeUndefined();
    expect(run({ maxGopMs: 2000 }, { gopMs: 2400 }, 60_000)).toEqual({ code: 'ERR_LIMIT_GOP', ms: 250 });
  });

  it('finds a GOP that does not end', () => {
    const found = run({ maxGopMs: 2000 }, { openGopMs: (ms) => ms }, 60_000);
    expect(found).toEqual({ code: 'ERR_LIMIT_GOP', ms: 2250 });
  });

  it('finds the end of the time that is allowed, without a publisher too', () => {
    expect(run({ durationMs: 30_000 }, { isHeld: (ms) => ms > 20_000 }, 60_000)).toEqual({
      code: 'ERR_LIMIT_DURATION',
      ms: 30_000,
    });
  });

  it('says what is allowed', () => {
    const check = new LimitCheck({ kbps: 1000 }, 0);
    expect(check.limits).toEqual({ kbps: 1000 });
    const counters = (kbits: number) => ({ ...NOTHING_CARRIED, payloadBytes: kbits * 125 });
    const sample = (second: number): StreamSample => ({
      ...{ kind: 'streamSampled', streamId: 'one', atMs: second * 1000, isHeld: false },
      ...{
        counters: counters(2000 * second),
        tracks: [],
        gopMs: undefined,
        openGopMs: undefined,
        newestTimestamp: undefined,
      },
    });
    let text: string | undefined;
    for (let second = 0; second < 20; second++) text ??= check.ofSample(sample(second))?.text;
    expect(text).toBe('2000 kbit/s; 1000 are allowed');
  });
});

describe('ofTracks', () => {
  it.each<[string, StreamLimits, readonly Track[], string | undefined]>([
    ['two tracks of two', { tracks: 2 }, [VIDEO, AUDIO], undefined],
    ['two tracks of one', { tracks: 1 }, [VIDEO, AUDIO], 'ERR_LIMIT_TRACKS'],
    ['a picture of the allowed size', { width: 1280, height: 720 }, [VIDEO], undefined],
    ['a picture that is a pixel wider', { width: 1279, height: 720 }, [VIDEO], 'ERR_LIMIT_SIZE'],
    ['a picture that is a pixel higher', { height: 719 }, [VIDEO], 'ERR_LIMIT_SIZE'],
    ['a picture of unknown size', { width: 16, height: 16 }, [{ id: 0, kind: 'video', codec: 'vp08' }], undefined],
    ['codecs that begin as allowed', { codecs: ['avc1.64', 'MP4A'] }, [VIDEO, AUDIO], undefined],
    ['a codec that begins otherwise', { codecs: ['avc1'] }, [VIDEO, AUDIO], 'ERR_LIMIT_CODEC'],
    ['any codec where none is allowed', { codecs: [] }, [AUDIO], 'ERR_LIMIT_CODEC'],
    ['a frame rate within 10 % of its limit', { fps: 24 }, [VIDEO], undefined],
    ['a frame rate of 20 % more', { fps: 25 }, [{ ...VIDEO, fps: 30 }], 'ERR_LIMIT_FPS'],
    [
      'a frame rate that is only claimed',
      { fps: 25 },
      [{ id: 0, kind: 'video', codec: 'vp08', declaredFps: 60 }],
      undefined,
    ],
  ])('judges %s', (_, limits, tracks, code) => {
    expect(ofTracks(limits, tracks)?.code).toBe(code);
  });

  it('names what it found and what is allowed', () => {
    expect(ofTracks({ codecs: ['avc1', 'mp4a'] }, [{ id: 0, kind: 'video', codec: 'hvc1' }])?.text).toBe(
      'hvc1; avc1, mp4a are allowed',
    );
    expect(ofTracks({ width: 640, height: 360 }, [VIDEO])?.text).toBe(
      '1280x720; a width of 640 and a height of 360 is allowed',
    );
  });
});
