import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { batch, framed, message } from '../../support/hub/media.js';
import { LIMITS, PublicationHarness, words } from '../../support/hub/publication-harness.js';

const V = (n: number) => message('videoHeader', n);
const H = (n: number) => message('audioHeader', n);
const K = (n: number, bytes = 200, timestamp = n * 20) => message('key', n, bytes, timestamp);
const I = (n: number, bytes = 200, timestamp = n * 20) => message('inter', n, bytes, timestamp);
const A = (n: number, bytes = 100) => message('audio', n, bytes);

/** AVC decoder configuration: Constrained Baseline, level 1.3, 320 by 240. */
const AVC = '17 00 000000 01 42c00d ff e1 0016 6742c00dd90141fb0110000003001000000303c0f1429920 01 0005 68cb83cb20';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the cached GOP of a publication', () => {
  it('begins at the newest keyframe, not at a sequence header, though headers carry the frame type of a keyframe', () => {
    const { publication, send } = bound(new PublicationHarness());
    send(V(1));
    expect(publication.gopStart).toBeUndefined();
    send(K(2), I(3));
    expect(publication.gopStart).toBe(framed(V(1)).length);
    const head = publication.log.head;
    send(A(4), V(1), K(5));
    expect(publication.gopStart).toBe(head + framed(A(4)).length + framed(V(1)).length);
    expect(publication.keyframes).toBe(2);
  });

  it('is dropped when a sequence header changes, of either kind, and kept when one is repeated', () => {
    for (const change of [V(10), H(10)]) {
      const { publication, send } = bound(new PublicationHarness());
      send(V(1), H(2), K(3));
      send(V(1), H(2), I(4));
      expect(publication.gopStart).toBeDefined();
      send(change);
      expect(publication.gopStart).toBeUndefined();
      send(K(11));
      expect(publication.gopStart).toBeDefined();
    }
  });

  it('is bounded in bytes: kept at the limit, dropped one byte past it, there again with the next keyframe', () => {
    const limit = framed(K(1, 1000)).length + framed(I(2, 1000)).length;
    for (const [gopMaxBytes, kept] of [
      [limit + 1, true],
      [limit, true],
      [limit - 1, false],
    ] as const) {
      const { publication, send } = bound(new PublicationHarness({ gopMaxBytes }));
      send(K(1, 1000));
      send(I(2, 1000));
      expect(publication.gopStart !== undefined).toBe(kept);
      send(K(3, 1000));
      expect(publication.gopStart).toBeDefined();
    }
  });

  it('is bounded in messages, data messages included', () => {
    const { publication, send } = bound(new PublicationHarness({ gopMaxMessages: 4 }));
    send(K(1), I(2), A(3));
    publication.appendData(Buffer.from([2, 0, 0]), 0, undefined, Date.now());
    expect(publication.gopStart).toBeDefined();
    publication.appendData(Buffer.from([2, 0, 0]), 0, undefined, Date.now());
    expect(publication.gopStart).toBeUndefined();
  });

  it('is bounded in media time, across the wrap of 32 bits and in spite of a step back', () => {
    const { publication, send } = bound(new PublicationHarness({ gopMaxMs: 1000 }));
    const start = 2 ** 32 - 500;
    send(K(1, 100, start));
    send(I(2, 100, (start + 1000) >>> 0));
    expect(publication.gopStart).toBeDefined();
    send(I(3, 100, start - 5));
    expect(publication.gopStart).toBeDefined();
    send(I(4, 100, (start + 1001) >>> 0));
    expect(publication.gopStart).toBeUndefined();
  });

  it('stays within its memory while all timestamps are the same and no keyframe comes', () => {
    const { publication, send, harness } = bound(
      new PublicationHarness({ gopMaxBytes: 500_000, gopMaxMessages: 10_000 }),
    );
    send(V(1), K(2, 1000, 7));
    let most = 0;
    for (let n = 3; n < 500; n++) {
      send(I(n, 20_000, 7));
      harness.turn(1);
      most = Math.max(most, publication.log.heldBytes);
    }
    expect(most).toBeLessThan(4 * 2 ** 20);
    expect(publication.gopStart).toBeUndefined();
  });

  it('is not there for an audio-only stream, whose log lets go of everything that players have', () => {
    const { publication, send, harness } = bound(new PublicationHarness());
    harness.join();
    for (let n = 1; n < 400; n++) {
      send(A(n, 10_000));
      harness.turn(25);
    }
    expect(publication.log.heldBytes).toBeLessThanOrEqual(2 * 2 ** 20);
  });

  it('tells how long the last whole GOP was, and nothing of one whose time went back', () => {
    const { publication, send } = bound(new PublicationHarness());
    send(K(1, 100, 1000));
    expect(publication.gopMs).toBeUndefined();
    send(K(2, 100, 3000));
    expect(publication.gopMs).toBe(2000);
    send(K(3, 100, 2500));
    expect(publication.gopMs).toBe(2000);
  });
});

describe('a publication', () => {
  it('counts frames, without headers, and bytes and time', () => {
    const { publication, send } = bound(new PublicationHarness());
    const first = Date.now();
    send(V(1), H(2), K(3), A(4));
    vi.advanceTimersByTime(500);
    send(A(5));
    expect(publication).toMatchObject({
      audioFrames: 2,
      videoFrames: 1,
      keyframes: 1,
      lastVideoMs: first,
      lastAudioMs: first + 500,
      lastTimestamp: 100,
    });
    expect(publication.bytes).toBe(publication.log.head);
  });

  it('takes a batch larger than any slab and sends it whole', () => {
    const harness = new PublicationHarness({ maxLagBytes: 32 * 2 ** 20 });
    const fast = harness.join();
    const slow = harness.join('slow');
    harness.play(V(1));
    harness.play(K(2, 8 * 2 ** 20), I(3));
    harness.play(I(4));
    while (slow.drain()) harness.turn();
    expect(words(fast)).toBe('V1 K2 I3 I4');
    expect(words(slow)).toBe('V1 K2 I3 I4');
    expect(slow.messages()[1].payload.equals(K(2, 8 * 2 ** 20).payload)).toBe(true);
  });

  it('does nothing per player for a batch without keyframes and headers', () => {
    const harness = new PublicationHarness();
    const players = Array.from({ length: 20 }, () => harness.join('stuck'));
    harness.play(V(1), H(2), K(3), A(4));
    const keyframeAt = players.map((sink) => vi.spyOn(sink.player!, 'keyframeAt'));
    const visit = players.map((sink) => vi.spyOn(sink.player!, 'visit'));
    for (let n = 5; n < 50; n++) harness.publication.append(batch(A(n), I(n)), Date.now());
    expect([...keyframeAt, ...visit].every((spy) => spy.mock.calls.length === 0)).toBe(true);
  });

  it('gives metadata to late joiners before everything else, and to those who are there in its place', () => {
    const harness = new PublicationHarness();
    const early = harness.join();
    harness.publication.appendData(Buffer.from([2, 0, 1, 0x61]), 0, 'metadata', Date.now());
    harness.play(V(1), K(2));
    const late = harness.join();
    harness.play(I(3));
    expect(words(early)).toBe('D V1 K2 I3');
    expect(words(late)).toBe('D V1 K2 I3');
  });

  it('tells once that it is ready, with the tracks, and after that only what changes', () => {
    const harness = new PublicationHarness();
    const header = (hex: string, kind: 'videoHeader' | 'audioHeader') => ({
      kind,
      timestamp: 0,
      payload: Buffer.from(hex.replaceAll(' ', ''), 'hex'),
    });
    const aac = header('af 00 1210', 'audioHeader');
    harness.send(header(AVC, 'videoHeader'), aac);
    expect(harness.ready.length).toBe(0);
    harness.send(K(3));
    expect(harness.ready.map((tracks) => tracks.map(({ codec }) => codec))).toEqual([['avc1.42c00d', 'mp4a.40.2']]);
    harness.send(header(AVC, 'videoHeader'), aac, A(4), I(5), K(6));
    harness.publication.tick(Date.now() + 6000);
    expect([harness.ready.length, harness.updates.length]).toEqual([1, 0]);
    harness.turn();
    harness.send(header('af 00 1190', 'audioHeader'));
    expect(harness.updates.length).toBe(1);
    expect(harness.updates[0][1]).toMatchObject({ kind: 'audio', sampleRate: 48000 });
  });

  it('tells new metadata after ready, not metadata that says the same', () => {
    const harness = new PublicationHarness();
    const { publication } = harness;
    publication.noteMetadata({ framerate: 25, videocodecid: 7 }, Date.now());
    harness.send({ kind: 'videoHeader', timestamp: 0, payload: Buffer.from(AVC.replaceAll(' ', ''), 'hex') }, K(3));
    expect(harness.ready.length).toBe(1);
    publication.noteMetadata({ framerate: 25, videocodecid: 7, comment: 'again' }, Date.now());
    expect(harness.metadata).toEqual([]);
    publication.noteMetadata({ framerate: 30, videodatarate: 2500, encoder: 'new' }, Date.now());
    publication.tick(Date.now());
    expect(harness.metadata).toEqual([{ encoder: 'new', fps: 30, videoKbps: 2500 }]);
  });

  it('tells changes that come fast together, with the next look', () => {
    const harness = new PublicationHarness();
    const { publication } = harness;
    harness.send({ kind: 'videoHeader', timestamp: 0, payload: Buffer.from(AVC.replaceAll(' ', ''), 'hex') }, K(3));
    publication.tick(Date.now() + 1500);
    expect(harness.ready.length).toBe(1);
    for (let n = 1; n <= 5; n++) publication.noteMetadata({ videodatarate: n }, Date.now());
    publication.tick(Date.now());
    publication.tick(Date.now());
    expect(harness.metadata).toEqual([{ videoKbps: 5 }]);
  });

  it('keeps what a header configured when an empty or damaged one comes, for late joiners and for its GOP', () => {
    const raw = (kind: 'videoHeader' | 'audioHeader', hex: string) => ({
      kind,
      timestamp: 60,
      payload: Buffer.from(hex, 'hex'),
    });
    const harness = new PublicationHarness();
    harness.play(V(1), H(2), K(3), I(4));
    const start = harness.publication.gopStart;
    for (const empty of ['1700000000', '17000000000164', '1700']) harness.play(raw('videoHeader', empty));
    for (const empty of ['af00', 'af0000']) harness.play(raw('audioHeader', empty));
    expect(harness.publication.gopStart).toBe(start);
    const sink = harness.join();
    harness.turn();
    const [audio, video] = sink.messages();
    expect([audio.payload, video.payload]).toEqual([H(2).payload, V(1).payload]);
  });

  it('forgets a header with its codec when frames of another one come, and tells it', () => {
    const harness = new PublicationHarness();
    harness.play(
      { kind: 'videoHeader', timestamp: 0, payload: Buffer.from(AVC.replaceAll(' ', ''), 'hex') },
      H(2),
      K(3),
      A(4),
    );
    expect(harness.ready.length).toBe(1);
    const mp3 = message('audio', 5);
    Buffer.from('2ffffb9064', 'hex').copy(mp3.payload);
    harness.play(mp3);
    expect(harness.publication.gopStart).toBeUndefined();
    harness.publication.tick(Date.now());
    expect(harness.updates.at(-1)?.map(({ codec }) => codec)).toEqual(['avc1.42c00d', 'mp4a.40.34']);
    harness.play(K(6), mp3);
    const sink = harness.join();
    harness.turn();
    expect(sink.messages().filter(({ type, payload }) => type === 8 && payload[0] === 0xaf)).toEqual([]);
  });

  it('reads a bounded number of the headers of one batch, and keeps the last of each track', () => {
    const harness = new PublicationHarness();
    const observe = vi.spyOn(harness.publication.tracks, 'observe');
    harness.send(...Array.from({ length: 500 }, (_, n) => (n % 2 === 0 ? V(n) : H(n))));
    expect(observe.mock.calls.length).toBeLessThanOrEqual(66);
    harness.play(K(600));
    const sink = harness.join();
    harness.turn();
    expect(words(sink)).toBe('H499 V498 K600');
  });

  it('measures the rates of its tracks in media time, and tells a rate that is not what was claimed', () => {
    const harness = new PublicationHarness();
    const { publication } = harness;
    publication.noteMetadata({ framerate: 1000, videodatarate: 8, audiodatarate: 8 }, Date.now());
    harness.send({ kind: 'videoHeader', timestamp: 0, payload: Buffer.from(AVC.replaceAll(' ', ''), 'hex') }, H(0));
    const audio = (n: number) => message('audio', n, 100, n * 40 + 5);
    let n = 0;
    const run = (frames: number): void => {
      for (const end = n + frames; n < end; n++) {
        // Of what is sent at once, only the kind that comes last tells its time.
        const frame = message(n % 25 === 0 ? 'key' : 'inter', n, 500, n * 40);
        if (n % 2 === 0) harness.send(frame, audio(n));
        else harness.send(audio(n), frame);
        harness.turn(10);
        if (n % 6 === 0) publication.tick(Date.now());
      }
    };
    run(40);
    expect(harness.ready[0][0]).toMatchObject({ declaredFps: 1000, declaredKbps: 8 });
    expect(harness.ready[0][0].fps).toBeUndefined();
    expect(harness.updates).toEqual([]);
    run(40);
    expect(harness.updates.length).toBe(1);
    expect(harness.updates[0][0]).toMatchObject({
      kind: 'video',
      fps: 25,
      kbps: 100,
      declaredFps: 1000,
      declaredKbps: 8,
    });
    expect(harness.updates[0][1]).toMatchObject({ kind: 'audio', kbps: 20 });
    expect(harness.updates[0][1].fps).toBeUndefined();
    run(900);
    expect(harness.updates.length).toBe(1);
    run(100);
    expect(harness.updates.length).toBe(2);
  });

  it('counts payload apart from what frames it', () => {
    const { publication, send } = bound(new PublicationHarness());
    send(K(1, 5000), A(2, 100));
    expect(publication.payloadBytes).toBe(5100);
    expect(publication.bytes).toBe(5100 + 12 + 1 + 12);
  });

  it('knows the greatest time of any frame, not of the last message', () => {
    const { publication, send } = bound(new PublicationHarness());
    send(K(1, 100, 1000), message('audio', 2, 100, 5000), I(3, 100, 1040));
    send(I(4, 100, 1080));
    expect([publication.newestTimestamp, publication.lastTimestamp]).toEqual([5000, 1080]);
  });

  it('expects no video any more once it is ready without, whatever its metadata promised', () => {
    const harness = new PublicationHarness();
    harness.publication.noteMetadata({ videocodecid: 7, audiocodecid: 2 }, Date.now());
    const mp3 = message('audio', 1);
    mp3.payload[0] = 0x2f;
    harness.send(mp3);
    expect(harness.publication.hasVideo).toBe(true);
    harness.publication.tick(Date.now() + LIMITS.readyTimeoutMs);
    expect(harness.ready.length).toBe(1);
    expect(harness.publication.hasVideo).toBe(false);
  });
});

function bound(harness: PublicationHarness) {
  return { harness, publication: harness.publication, send: harness.send.bind(harness) };
}
