import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { batch, framed, message } from './support/media.js';
import { Stage, words } from './support/stage.js';

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
    const { publication, send } = bound(new Stage());
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
      const { publication, send } = bound(new Stage());
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
      const { publication, send } = bound(new Stage({ gopMaxBytes }));
      send(K(1, 1000));
      send(I(2, 1000));
      expect(publication.gopStart !== undefined).toBe(kept);
      send(K(3, 1000));
      expect(publication.gopStart).toBeDefined();
    }
  });

  it('is bounded in messages, data messages included', () => {
    const { publication, send } = bound(new Stage({ gopMaxMessages: 4 }));
    send(K(1), I(2), A(3));
    publication.appendData(Buffer.from([2, 0, 0]), 0, undefined, Date.now());
    expect(publication.gopStart).toBeDefined();
    publication.appendData(Buffer.from([2, 0, 0]), 0, undefined, Date.now());
    expect(publication.gopStart).toBeUndefined();
  });

  it('is bounded in media time, across the wrap of 32 bits and in spite of a step back', () => {
    const { publication, send } = bound(new Stage({ gopMaxMs: 1000 }));
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
    const { publication, send, stage } = bound(new Stage({ gopMaxBytes: 500_000, gopMaxMessages: 10_000 }));
    send(V(1), K(2, 1000, 7));
    let most = 0;
    for (let n = 3; n < 500; n++) {
      send(I(n, 20_000, 7));
      stage.turn(1);
      most = Math.max(most, publication.log.heldBytes);
    }
    expect(most).toBeLessThan(4 * 2 ** 20);
    expect(publication.gopStart).toBeUndefined();
  });

  it('is not there for an audio-only stream, whose log lets go of everything that players have', () => {
    const { publication, send, stage } = bound(new Stage());
    stage.join();
    for (let n = 1; n < 400; n++) {
      send(A(n, 10_000));
      stage.turn(25);
    }
    expect(publication.log.heldBytes).toBeLessThanOrEqual(2 * 2 ** 20);
  });

  it('tells how long the last whole GOP was, and nothing of one whose time went back', () => {
    const { publication, send } = bound(new Stage());
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
    const { publication, send } = bound(new Stage());
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
    const stage = new Stage({ maxLagBytes: 32 * 2 ** 20 });
    const fast = stage.join();
    const slow = stage.join('slow');
    stage.play(V(1));
    stage.play(K(2, 8 * 2 ** 20), I(3));
    stage.play(I(4));
    while (slow.drain(Date.now())) stage.turn();
    expect(words(fast)).toBe('V1 K2 I3 I4');
    expect(words(slow)).toBe('V1 K2 I3 I4');
    expect(slow.messages()[1].payload.equals(K(2, 8 * 2 ** 20).payload)).toBe(true);
  });

  it('does nothing per player for a batch without keyframes and headers', () => {
    const stage = new Stage();
    const players = Array.from({ length: 20 }, () => stage.join('stuck'));
    stage.play(V(1), H(2), K(3), A(4));
    const keyframeAt = players.map((sink) => vi.spyOn(sink.player!, 'keyframeAt'));
    const visit = players.map((sink) => vi.spyOn(sink.player!, 'visit'));
    for (let n = 5; n < 50; n++) stage.publication.append(batch(A(n), I(n)), Date.now());
    expect([...keyframeAt, ...visit].every((spy) => spy.mock.calls.length === 0)).toBe(true);
  });

  it('gives metadata to late joiners before everything else, and to those who are there in its place', () => {
    const stage = new Stage();
    const early = stage.join();
    stage.publication.appendData(Buffer.from([2, 0, 1, 0x61]), 0, 'metadata', Date.now());
    stage.play(V(1), K(2));
    const late = stage.join();
    stage.play(I(3));
    expect(words(early)).toBe('D V1 K2 I3');
    expect(words(late)).toBe('D V1 K2 I3');
  });

  it('tells once that it is ready, with the tracks, and after that only what changes', () => {
    const stage = new Stage();
    const header = (hex: string, kind: 'videoHeader' | 'audioHeader') => ({
      kind,
      timestamp: 0,
      payload: Buffer.from(hex.replaceAll(' ', ''), 'hex'),
    });
    const aac = header('af 00 1210', 'audioHeader');
    stage.send(header(AVC, 'videoHeader'), aac);
    expect(stage.ready.length).toBe(0);
    stage.send(K(3));
    expect(stage.ready.map((tracks) => tracks.map(({ codec }) => codec))).toEqual([['avc1.42c00d', 'mp4a.40.2']]);
    stage.send(header(AVC, 'videoHeader'), aac, A(4), I(5), K(6));
    stage.publication.tick(Date.now() + 6000);
    expect([stage.ready.length, stage.updates.length]).toEqual([1, 0]);
    stage.send(header('af 00 1190', 'audioHeader'));
    expect(stage.updates.length).toBe(1);
    expect(stage.updates[0][1]).toMatchObject({ kind: 'audio', sampleRate: 48000 });
  });

  it('tells new metadata after ready, not metadata that says the same', () => {
    const stage = new Stage();
    const { publication } = stage;
    publication.noteMetadata({ framerate: 25, videocodecid: 7 }, Date.now());
    stage.send({ kind: 'videoHeader', timestamp: 0, payload: Buffer.from(AVC.replaceAll(' ', ''), 'hex') }, K(3));
    expect(stage.ready.length).toBe(1);
    publication.noteMetadata({ framerate: 25, videocodecid: 7, comment: 'again' }, Date.now());
    expect(stage.metadata).toEqual([]);
    publication.noteMetadata({ framerate: 30, videodatarate: 2500, encoder: 'new' }, Date.now());
    expect(stage.metadata).toEqual([{ encoder: 'new', fps: 30, videoKbps: 2500 }]);
  });

  it('offers a change that could not be told again, with what came after it', () => {
    const stage = new Stage();
    const { publication } = stage;
    stage.send({ kind: 'videoHeader', timestamp: 0, payload: Buffer.from(AVC.replaceAll(' ', ''), 'hex') }, K(3));
    publication.tick(Date.now() + 1500);
    expect(stage.ready.length).toBe(1);
    stage.deaf = true;
    for (let n = 1; n <= 5; n++) publication.noteMetadata({ videodatarate: n }, Date.now());
    stage.deaf = false;
    publication.tick(Date.now());
    publication.tick(Date.now());
    expect(stage.metadata).toEqual([{ videoKbps: 5 }]);
  });

  it('expects no video any more once it is ready without, whatever its metadata promised', () => {
    const stage = new Stage();
    stage.publication.noteMetadata({ videocodecid: 7, audiocodecid: 2 }, Date.now());
    const mp3 = message('audio', 1);
    mp3.payload[0] = 0x2f;
    stage.send(mp3);
    expect(stage.publication.hasVideo).toBe(true);
    stage.publication.tick(Date.now() + 1500);
    expect(stage.ready.length).toBe(1);
    expect(stage.publication.hasVideo).toBe(false);
  });
});

function bound(stage: Stage) {
  return { stage, publication: stage.publication, send: stage.send.bind(stage) };
}
