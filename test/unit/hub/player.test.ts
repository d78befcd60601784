import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { message } from '../../support/hub/media.js';
import { PublicationHarness, words } from '../../support/hub/publication-harness.js';

const V = (n: number) => message('videoHeader', n);
const H = (n: number) => message('audioHeader', n);
const K = (n: number, bytes = 200) => message('key', n, bytes);
const I = (n: number, bytes = 200) => message('inter', n, bytes);
const A = (n: number, bytes = 100) => message('audio', n, bytes);

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a player that joins', () => {
  it('before the publisher sends anything gets each message once, headers included', () => {
    const harness = new PublicationHarness();
    const sink = harness.join();
    harness.play(V(1), H(2));
    harness.play(K(3), A(4), I(5));
    expect(words(sink)).toBe('V1 H2 K3 A4 I5');
  });

  it('late gets headers stamped with the first cached frame, then the GOP, then what is live', () => {
    const harness = new PublicationHarness();
    harness.play(V(1), H(2), K(3), A(4), I(5));
    harness.play(K(6), A(7));
    harness.play(I(8));
    const sink = harness.join();
    harness.turn();
    harness.play(A(9));
    expect(words(sink)).toBe('H2 V1 K6 A7 I8 A9');
    const [audio, video, key] = sink.messages();
    expect([audio.timestamp, video.timestamp, key.timestamp]).toEqual([120, 120, 120]);
  });

  it('in the middle of a GOP that is not cached hears audio at once and sees video from the next keyframe', () => {
    const harness = new PublicationHarness({ gopMaxMessages: 3 });
    harness.play(V(1), H(2), K(3), I(4), I(5), I(6));
    const sink = harness.join();
    harness.play(A(7), I(8));
    harness.play(A(9), K(10), I(11));
    expect(words(sink)).toBe('H2 V1 A7 A9 K10 I11');
  });

  it('in such a GOP gets a video header that changed while it waited, before the keyframe', () => {
    const harness = new PublicationHarness({ gopMaxMessages: 3 });
    harness.play(V(1), H(2), K(3), I(4), I(5), I(6));
    const sink = harness.join();
    harness.play(A(7));
    harness.send(V(8), A(9), K(10), I(11));
    harness.play(A(12));
    expect(words(sink)).toBe('H2 V1 A7 A9 H2 V8 K10 I11 A12');
  });

  it('after a header changed within the GOP does not get frames that the new header cannot decode', () => {
    const harness = new PublicationHarness();
    harness.play(V(1), H(2), K(3), I(4), V(5), I(6));
    const sink = harness.join();
    harness.play(A(7));
    harness.play(K(8));
    expect(words(sink)).toBe('H2 V5 A7 K8');
  });

  it('just before a header changes begins behind the change, when its turn comes after it', () => {
    const harness = new PublicationHarness();
    harness.play(V(1), H(2), K(3), I(4));
    const sink = harness.join();
    harness.send(H(5), A(6), K(7));
    harness.turn();
    expect(words(sink)).toBe('H5 V1 K7');
  });

  it('an audio-only stream begins at the edge', () => {
    const harness = new PublicationHarness();
    harness.play(H(1), A(2), A(3));
    const sink = harness.join();
    harness.play(A(4));
    expect(words(sink)).toBe('H1 A4');
  });

  it('a stream whose video starts late gets the video as it comes', () => {
    const harness = new PublicationHarness();
    harness.play(H(1), A(2));
    const sink = harness.join();
    harness.play(A(3));
    harness.play(V(4), K(5), I(6));
    expect(words(sink)).toBe('H1 A3 V4 K5 I6');
  });

  it('on a NetStream other than 1 gets the same messages under its own message stream id', () => {
    const harness = new PublicationHarness();
    harness.play(V(1), H(2), K(3, 10_000), A(4));
    const sink = harness.join('sync', 3);
    harness.play(I(5, 9000));
    expect(words(sink)).toBe('H2 V1 K3 A4 I5');
    expect(sink.messages().every(({ messageStreamId }) => messageStreamId === 3)).toBe(true);
  });
});

describe('a player that is slow', () => {
  it('holds nothing up for others and never has two writes under way', () => {
    const harness = new PublicationHarness();
    const stuck = harness.join('stuck');
    const fast = harness.join();
    for (let n = 1; n < 200; n++) harness.play(n % 20 === 1 ? K(n, 5000) : I(n, 5000));
    expect(fast.messages().length).toBe(199);
    expect(stuck.writes.length).toBe(1);
  });

  it('goes on as soon as its write has gone when a slab or more waits for it, and at its turn otherwise', () => {
    const harness = new PublicationHarness();
    const sink = harness.join('slow');
    harness.play(K(1));
    for (let n = 2; n < 10; n++) harness.play(I(n, 10_000));
    sink.drain();
    expect(sink.writes.length).toBe(2);
    sink.drain();
    harness.play(I(10));
    harness.send(I(11));
    harness.turn();
    sink.drain();
    const before = sink.writes.length;
    harness.turn();
    expect(sink.writes.length).toBe(before + 1);
    sink.mode = 'sync';
    sink.drain();
    harness.turn();
    expect(sink.messages().length).toBe(11);
  });

  it('gets the rest at its turn when nothing more comes from the publisher', () => {
    const harness = new PublicationHarness();
    const sink = harness.join('slow');
    harness.play(K(1));
    harness.play(I(2));
    sink.mode = 'sync';
    sink.drain();
    harness.turn();
    expect(words(sink)).toBe('K1 I2');
  });

  it('skips to the next keyframe once more bytes wait for it than allowed, and loses whole messages only', () => {
    const harness = new PublicationHarness({ maxLagBytes: 50_000 });
    const sink = harness.join('slow');
    harness.play(V(1), K(2));
    for (let n = 3; n < 10; n++) harness.play(I(n, 10_000));
    expect(sink.player!.skips).toBe(1);
    sink.mode = 'sync';
    sink.drain();
    harness.play(I(10));
    expect(words(sink)).toBe('V1 K2');
    harness.play(A(11), K(12), I(13));
    expect(words(sink)).toBe('V1 K2 V1 K12 I13');
    expect(sink.player!.bytesDropped).toBeGreaterThan(70_000);
  });

  it('is not skipped at the limit, and is one byte past it', () => {
    for (const [maxLagBytes, skips] of [
      [9999, 0],
      [9998, 0],
      [9997, 1],
    ]) {
      const harness = new PublicationHarness({ maxLagBytes });
      const sink = harness.join('stuck');
      harness.play(K(1));
      const from = harness.publication.log.head;
      harness.play(I(2, 9984));
      expect(harness.publication.log.head - from).toBe(9998);
      expect(sink.player!.skips).toBe(skips);
    }
  });

  it('resumes at a keyframe that came while its write was under way', () => {
    const harness = new PublicationHarness({ maxLagBytes: 50_000 });
    const sink = harness.join('slow');
    harness.play(V(1), K(2));
    for (let n = 3; n < 10; n++) harness.play(I(n, 10_000));
    harness.play(K(10), I(11));
    sink.mode = 'sync';
    sink.drain();
    harness.turn();
    expect(words(sink)).toBe('V1 K2 V1 K10 I11');
  });

  it('gets headers anew when they changed while it skipped, and only then', () => {
    const harness = new PublicationHarness({ maxLagBytes: 50_000 });
    harness.play(V(1), H(2), K(3));
    const sink = harness.join('slow');
    harness.turn();
    sink.drain();
    harness.turn();
    for (let n = 4; n < 11; n++) harness.play(I(n, 10_000));
    harness.play(V(11), K(12));
    sink.mode = 'sync';
    sink.drain();
    harness.turn();
    sink.mode = 'slow';
    harness.play(I(13));
    for (let n = 14; n < 21; n++) harness.play(I(n, 10_000));
    harness.play(K(21));
    sink.mode = 'sync';
    sink.drain();
    harness.turn();
    expect(words(sink)).toBe('H2 V1 K3 H2 V11 K12 I13 K21');
  });

  it('skips when what waits is older than allowed, also on a stream of few bytes', () => {
    const harness = new PublicationHarness({ maxLagMs: 3000 });
    const sink = harness.join('stuck');
    harness.play(H(1), A(2));
    for (let n = 3; n < 30; n++) harness.play(A(n));
    expect(sink.player!.skips).toBe(0);
    for (let n = 30; n < 45; n++) harness.play(A(n));
    expect(sink.player!.skips).toBe(1);
  });

  it('hears audio again when no keyframe comes for as long as it may lag, and sees video from the next one', () => {
    const harness = new PublicationHarness({ maxLagBytes: 1000, maxLagMs: 2000 });
    harness.play(V(1), H(2), K(3));
    const sink = harness.join('stuck');
    harness.turn();
    for (let n = 10; n < 20; n++) harness.play(I(n));
    sink.mode = 'sync';
    sink.drain();
    for (let n = 20; n < 60; n++) harness.play(A(n));
    expect(words(sink)).toContain('A58 A59');
    expect(words(sink)).not.toContain('I');
    harness.play(K(90), I(91));
    expect(words(sink).endsWith('K90 I91')).toBe(true);
  });

  it('of an audio-only stream goes on at the edge after a skip', () => {
    const harness = new PublicationHarness({ maxLagBytes: 5000 });
    const sink = harness.join('slow');
    harness.play(H(1), A(2));
    for (let n = 3; n < 100; n++) harness.play(A(n));
    sink.mode = 'sync';
    sink.drain();
    harness.play(A(100));
    expect(words(sink)).toBe('H1 A2 H1 A100');
  });

  it('may take its time over a GOP larger than the lag allowed, as long as it keeps up with what is new', () => {
    const harness = new PublicationHarness({ maxLagBytes: 20_000, maxLagMs: 1000 });
    harness.play(V(1), K(2, 30_000));
    for (let n = 3; n < 40; n++) harness.play(I(n, 10_000));
    const sink = harness.join('slow');
    harness.turn();
    for (let n = 40; n < 46; n++) {
      harness.play(I(n));
      sink.drain();
    }
    sink.mode = 'sync';
    sink.drain();
    harness.turn();
    expect(sink.player!.skips).toBe(0);
    expect(sink.messages().length).toBe(45);
  });

  it('adds nothing to a connection that is clogged by its other plays, skips when it is too far behind, and goes on after', () => {
    const harness = new PublicationHarness({ maxLagBytes: 100_000 });
    const sink = harness.join();
    sink.clogged = true;
    for (let n = 1; n <= 20; n++) harness.play(n % 10 === 1 ? K(n, 10_000) : I(n, 10_000));
    harness.turn();
    expect([sink.writes.length, sink.player!.skips]).toEqual([0, 1]);
    sink.clogged = false;
    sink.player!.unclogged();
    harness.play(K(21));
    harness.turn();
    const seen = sink.messages().map(({ timestamp }) => timestamp / 20);
    expect(seen).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]);
  });

  it('stops in the middle when its own preamble clogs the connection', () => {
    const harness = new PublicationHarness();
    const sink = harness.join();
    const { write } = sink;
    sink.write = (bytes) => {
      sink.clogged = true;
      return write.call(sink, bytes);
    };
    harness.play(K(1));
    harness.play(I(2));
    harness.turn();
    expect(sink.writes.length).toBe(1);
    sink.player!.unclogged();
    harness.turn();
    expect(sink.writes.length).toBe(1);
    sink.clogged = false;
    sink.player!.unclogged();
    harness.turn();
    expect(sink.writes.length).toBe(2);
  });

  it('that is stuck does not make the log grow', () => {
    const harness = new PublicationHarness({ gopMaxBytes: 200_000, maxLagBytes: 100_000 });
    harness.join('stuck');
    let most = 0;
    for (let n = 1; n < 600; n++) {
      harness.play(n % 10 === 1 ? K(n, 10_000) : I(n, 10_000));
      most = Math.max(most, harness.publication.log.heldBytes);
    }
    expect(most).toBeLessThan(3 * 2 ** 20);
  });
});

describe('a player that pauses', () => {
  it('gets nothing, and goes on at the newest keyframe', () => {
    const harness = new PublicationHarness();
    const sink = harness.join();
    harness.play(V(1), K(2));
    sink.player!.setPaused(true);
    harness.play(I(3));
    harness.play(K(4), I(5));
    sink.player!.setPaused(false);
    harness.play(I(6));
    expect(words(sink)).toBe('V1 K2 V1 K4 I5 I6');
  });

  it('goes on where it stopped when no keyframe has come since: it sees nothing twice', () => {
    const harness = new PublicationHarness();
    const sink = harness.join();
    harness.play(V(1), K(2), I(3));
    sink.player!.setPaused(true);
    harness.play(I(4));
    sink.player!.setPaused(false);
    harness.play(I(5));
    expect(words(sink)).toBe('V1 K2 I3 V1 I4 I5');
  });

  it('does not hold on to the log, also when its publisher comes while it is paused', () => {
    const harness = new PublicationHarness({ gopMaxBytes: 100_000 });
    const sink = harness.join('sync', 1, (player) => player.setPaused(true));
    for (let n = 1; n < 400; n++) harness.play(n % 10 === 1 ? K(n, 10_000) : I(n, 10_000));
    expect(sink.writes.length).toBe(0);
    expect(harness.publication.log.heldBytes).toBeLessThan(2 * 2 ** 20);
    sink.player!.setPaused(false);
    harness.play(I(400));
    expect(words(sink).split(' ')[0]).toBe('K391');
  });
});

describe('a player that receives one kind only', () => {
  it('gets no audio, then audio again with its header first', () => {
    const harness = new PublicationHarness();
    const sink = harness.join('sync', 1, (player) => player.setReceive({ audio: false }));
    harness.play(V(1), H(2), K(3), A(4), I(5));
    sink.player!.setReceive({ audio: true });
    harness.play(A(6), I(7));
    expect(words(sink)).toBe('V1 K3 I5 H2 V1 A6 I7');
  });

  it('gets no video, then video again from the next keyframe with its header first', () => {
    const harness = new PublicationHarness();
    const sink = harness.join('sync', 1, (player) => player.setReceive({ video: false }));
    harness.play(V(1), H(2), K(3), A(4), I(5));
    sink.player!.setReceive({ video: true });
    harness.play(I(6), A(7));
    harness.play(A(8), K(9), I(10));
    expect(words(sink)).toBe('H2 A4 A7 A8 H2 V1 K9 I10');
  });

  it('gets data messages even when it wants neither kind', () => {
    const harness = new PublicationHarness();
    const sink = harness.join('sync', 1, (player) => player.setReceive({ audio: false, video: false }));
    harness.play(V(1), H(2), K(3), A(4));
    harness.publication.appendData(Buffer.from([2, 0, 1, 0x61]), 80, undefined, Date.now());
    harness.turn();
    expect(words(sink)).toBe('D');
  });
});
