import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { message } from '../../support/hub/media.js';
import { Stage, words } from '../../support/hub/publication-harness.js';

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
    const stage = new Stage();
    const sink = stage.join();
    stage.play(V(1), H(2));
    stage.play(K(3), A(4), I(5));
    expect(words(sink)).toBe('V1 H2 K3 A4 I5');
  });

  it('late gets headers stamped with the first cached frame, then the GOP, then what is live', () => {
    const stage = new Stage();
    stage.play(V(1), H(2), K(3), A(4), I(5));
    stage.play(K(6), A(7));
    stage.play(I(8));
    const sink = stage.join();
    stage.turn();
    stage.play(A(9));
    expect(words(sink)).toBe('H2 V1 K6 A7 I8 A9');
    const [audio, video, key] = sink.messages();
    expect([audio.timestamp, video.timestamp, key.timestamp]).toEqual([120, 120, 120]);
  });

  it('in the middle of a GOP that is not cached hears audio at once and sees video from the next keyframe', () => {
    const stage = new Stage({ gopMaxMessages: 3 });
    stage.play(V(1), H(2), K(3), I(4), I(5), I(6));
    const sink = stage.join();
    stage.play(A(7), I(8));
    stage.play(A(9), K(10), I(11));
    expect(words(sink)).toBe('H2 V1 A7 A9 K10 I11');
  });

  it('in such a GOP gets a video header that changed while it waited, before the keyframe', () => {
    const stage = new Stage({ gopMaxMessages: 3 });
    stage.play(V(1), H(2), K(3), I(4), I(5), I(6));
    const sink = stage.join();
    stage.play(A(7));
    stage.send(V(8), A(9), K(10), I(11));
    stage.play(A(12));
    expect(words(sink)).toBe('H2 V1 A7 A9 H2 V8 K10 I11 A12');
  });

  it('after a header changed within the GOP does not get frames that the new header cannot decode', () => {
    const stage = new Stage();
    stage.play(V(1), H(2), K(3), I(4), V(5), I(6));
    const sink = stage.join();
    stage.play(A(7));
    stage.play(K(8));
    expect(words(sink)).toBe('H2 V5 A7 K8');
  });

  it('just before a header changes begins behind the change, when its turn comes after it', () => {
    const stage = new Stage();
    stage.play(V(1), H(2), K(3), I(4));
    const sink = stage.join();
    stage.send(H(5), A(6), K(7));
    stage.turn();
    expect(words(sink)).toBe('H5 V1 K7');
  });

  it('an audio-only stream begins at the edge', () => {
    const stage = new Stage();
    stage.play(H(1), A(2), A(3));
    const sink = stage.join();
    stage.play(A(4));
    expect(words(sink)).toBe('H1 A4');
  });

  it('a stream whose video starts late gets the video as it comes', () => {
    const stage = new Stage();
    stage.play(H(1), A(2));
    const sink = stage.join();
    stage.play(A(3));
    stage.play(V(4), K(5), I(6));
    expect(words(sink)).toBe('H1 A3 V4 K5 I6');
  });

  it('on a NetStream other than 1 gets the same messages under its own message stream id', () => {
    const stage = new Stage();
    stage.play(V(1), H(2), K(3, 10_000), A(4));
    const sink = stage.join('sync', 3);
    stage.play(I(5, 9000));
    expect(words(sink)).toBe('H2 V1 K3 A4 I5');
    expect(sink.messages().every(({ messageStreamId }) => messageStreamId === 3)).toBe(true);
  });
});

describe('a player that is slow', () => {
  it('holds nothing up for others and never has two writes under way', () => {
    const stage = new Stage();
    const stuck = stage.join('stuck');
    const fast = stage.join();
    for (let n = 1; n < 200; n++) stage.play(n % 20 === 1 ? K(n, 5000) : I(n, 5000));
    expect(fast.messages().length).toBe(199);
    expect(stuck.writes.length).toBe(1);
  });

  it('goes on as soon as its write has gone when a slab or more waits for it, and at its turn otherwise', () => {
    const stage = new Stage();
    const sink = stage.join('slow');
    stage.play(K(1));
    for (let n = 2; n < 10; n++) stage.play(I(n, 10_000));
    sink.drain();
    expect(sink.writes.length).toBe(2);
    sink.drain();
    stage.play(I(10));
    stage.send(I(11));
    stage.turn();
    sink.drain();
    const before = sink.writes.length;
    stage.turn();
    expect(sink.writes.length).toBe(before + 1);
    sink.mode = 'sync';
    sink.drain();
    stage.turn();
    expect(sink.messages().length).toBe(11);
  });

  it('gets the rest at its turn when nothing more comes from the publisher', () => {
    const stage = new Stage();
    const sink = stage.join('slow');
    stage.play(K(1));
    stage.play(I(2));
    sink.mode = 'sync';
    sink.drain();
    stage.turn();
    expect(words(sink)).toBe('K1 I2');
  });

  it('skips to the next keyframe once more bytes wait for it than allowed, and loses whole messages only', () => {
    const stage = new Stage({ maxLagBytes: 50_000 });
    const sink = stage.join('slow');
    stage.play(V(1), K(2));
    for (let n = 3; n < 10; n++) stage.play(I(n, 10_000));
    expect(sink.player!.skips).toBe(1);
    sink.mode = 'sync';
    sink.drain();
    stage.play(I(10));
    expect(words(sink)).toBe('V1 K2');
    stage.play(A(11), K(12), I(13));
    expect(words(sink)).toBe('V1 K2 V1 K12 I13');
    expect(sink.player!.bytesDropped).toBeGreaterThan(70_000);
  });

  it('is not skipped at the limit, and is one byte past it', () => {
    for (const [maxLagBytes, skips] of [
      [9999, 0],
      [9998, 0],
      [9997, 1],
    ]) {
      const stage = new Stage({ maxLagBytes });
      const sink = stage.join('stuck');
      stage.play(K(1));
      const from = stage.publication.log.head;
      stage.play(I(2, 9984));
      expect(stage.publication.log.head - from).toBe(9998);
      expect(sink.player!.skips).toBe(skips);
    }
  });

  it('resumes at a keyframe that came while its write was under way', () => {
    const stage = new Stage({ maxLagBytes: 50_000 });
    const sink = stage.join('slow');
    stage.play(V(1), K(2));
    for (let n = 3; n < 10; n++) stage.play(I(n, 10_000));
    stage.play(K(10), I(11));
    sink.mode = 'sync';
    sink.drain();
    stage.turn();
    expect(words(sink)).toBe('V1 K2 V1 K10 I11');
  });

  it('gets headers anew when they changed while it skipped, and only then', () => {
    const stage = new Stage({ maxLagBytes: 50_000 });
    stage.play(V(1), H(2), K(3));
    const sink = stage.join('slow');
    stage.turn();
    sink.drain();
    stage.turn();
    for (let n = 4; n < 11; n++) stage.play(I(n, 10_000));
    stage.play(V(11), K(12));
    sink.mode = 'sync';
    sink.drain();
    stage.turn();
    sink.mode = 'slow';
    stage.play(I(13));
    for (let n = 14; n < 21; n++) stage.play(I(n, 10_000));
    stage.play(K(21));
    sink.mode = 'sync';
    sink.drain();
    stage.turn();
    expect(words(sink)).toBe('H2 V1 K3 H2 V11 K12 I13 K21');
  });

  it('skips when what waits is older than allowed, also on a stream of few bytes', () => {
    const stage = new Stage({ maxLagMs: 3000 });
    const sink = stage.join('stuck');
    stage.play(H(1), A(2));
    for (let n = 3; n < 30; n++) stage.play(A(n));
    expect(sink.player!.skips).toBe(0);
    for (let n = 30; n < 45; n++) stage.play(A(n));
    expect(sink.player!.skips).toBe(1);
  });

  it('hears audio again when no keyframe comes for as long as it may lag, and sees video from the next one', () => {
    const stage = new Stage({ maxLagBytes: 1000, maxLagMs: 2000 });
    stage.play(V(1), H(2), K(3));
    const sink = stage.join('stuck');
    stage.turn();
    for (let n = 10; n < 20; n++) stage.play(I(n));
    sink.mode = 'sync';
    sink.drain();
    for (let n = 20; n < 60; n++) stage.play(A(n));
    expect(words(sink)).toContain('A58 A59');
    expect(words(sink)).not.toContain('I');
    stage.play(K(90), I(91));
    expect(words(sink).endsWith('K90 I91')).toBe(true);
  });

  it('of an audio-only stream goes on at the edge after a skip', () => {
    const stage = new Stage({ maxLagBytes: 5000 });
    const sink = stage.join('slow');
    stage.play(H(1), A(2));
    for (let n = 3; n < 100; n++) stage.play(A(n));
    sink.mode = 'sync';
    sink.drain();
    stage.play(A(100));
    expect(words(sink)).toBe('H1 A2 H1 A100');
  });

  it('may take its time over a GOP larger than the lag allowed, as long as it keeps up with what is new', () => {
    const stage = new Stage({ maxLagBytes: 20_000, maxLagMs: 1000 });
    stage.play(V(1), K(2, 30_000));
    for (let n = 3; n < 40; n++) stage.play(I(n, 10_000));
    const sink = stage.join('slow');
    stage.turn();
    for (let n = 40; n < 46; n++) {
      stage.play(I(n));
      sink.drain();
    }
    sink.mode = 'sync';
    sink.drain();
    stage.turn();
    expect(sink.player!.skips).toBe(0);
    expect(sink.messages().length).toBe(45);
  });

  it('adds nothing to a connection that is clogged by its other plays, skips when it is too far behind, and goes on after', () => {
    const stage = new Stage({ maxLagBytes: 100_000 });
    const sink = stage.join();
    sink.clogged = true;
    for (let n = 1; n <= 20; n++) stage.play(n % 10 === 1 ? K(n, 10_000) : I(n, 10_000));
    stage.turn();
    expect([sink.writes.length, sink.player!.skips]).toEqual([0, 1]);
    sink.clogged = false;
    sink.player!.unclogged();
    stage.play(K(21));
    stage.turn();
    const seen = sink.messages().map(({ timestamp }) => timestamp / 20);
    expect(seen).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]);
  });

  it('stops in the middle when its own preamble clogs the connection', () => {
    const stage = new Stage();
    const sink = stage.join();
    const { write } = sink;
    sink.write = (bytes) => {
      sink.clogged = true;
      return write.call(sink, bytes);
    };
    stage.play(K(1));
    stage.play(I(2));
    stage.turn();
    expect(sink.writes.length).toBe(1);
    sink.player!.unclogged();
    stage.turn();
    expect(sink.writes.length).toBe(1);
    sink.clogged = false;
    sink.player!.unclogged();
    stage.turn();
    expect(sink.writes.length).toBe(2);
  });

  it('that is stuck does not make the log grow', () => {
    const stage = new Stage({ gopMaxBytes: 200_000, maxLagBytes: 100_000 });
    stage.join('stuck');
    let most = 0;
    for (let n = 1; n < 600; n++) {
      stage.play(n % 10 === 1 ? K(n, 10_000) : I(n, 10_000));
      most = Math.max(most, stage.publication.log.heldBytes);
    }
    expect(most).toBeLessThan(3 * 2 ** 20);
  });
});

describe('a player that pauses', () => {
  it('gets nothing, and goes on at the newest keyframe', () => {
    const stage = new Stage();
    const sink = stage.join();
    stage.play(V(1), K(2));
    sink.player!.setPaused(true);
    stage.play(I(3));
    stage.play(K(4), I(5));
    sink.player!.setPaused(false);
    stage.play(I(6));
    expect(words(sink)).toBe('V1 K2 V1 K4 I5 I6');
  });

  it('goes on where it stopped when no keyframe has come since: it sees nothing twice', () => {
    const stage = new Stage();
    const sink = stage.join();
    stage.play(V(1), K(2), I(3));
    sink.player!.setPaused(true);
    stage.play(I(4));
    sink.player!.setPaused(false);
    stage.play(I(5));
    expect(words(sink)).toBe('V1 K2 I3 V1 I4 I5');
  });

  it('does not hold on to the log, also when its publisher comes while it is paused', () => {
    const stage = new Stage({ gopMaxBytes: 100_000 });
    const sink = stage.join('sync', 1, (player) => player.setPaused(true));
    for (let n = 1; n < 400; n++) stage.play(n % 10 === 1 ? K(n, 10_000) : I(n, 10_000));
    expect(sink.writes.length).toBe(0);
    expect(stage.publication.log.heldBytes).toBeLessThan(2 * 2 ** 20);
    sink.player!.setPaused(false);
    stage.play(I(400));
    expect(words(sink).split(' ')[0]).toBe('K391');
  });
});

describe('a player that receives one kind only', () => {
  it('gets no audio, then audio again with its header first', () => {
    const stage = new Stage();
    const sink = stage.join('sync', 1, (player) => player.setReceive({ audio: false }));
    stage.play(V(1), H(2), K(3), A(4), I(5));
    sink.player!.setReceive({ audio: true });
    stage.play(A(6), I(7));
    expect(words(sink)).toBe('V1 K3 I5 H2 V1 A6 I7');
  });

  it('gets no video, then video again from the next keyframe with its header first', () => {
    const stage = new Stage();
    const sink = stage.join('sync', 1, (player) => player.setReceive({ video: false }));
    stage.play(V(1), H(2), K(3), A(4), I(5));
    sink.player!.setReceive({ video: true });
    stage.play(I(6), A(7));
    stage.play(A(8), K(9), I(10));
    expect(words(sink)).toBe('H2 A4 A7 A8 H2 V1 K9 I10');
  });

  it('gets data messages even when it wants neither kind', () => {
    const stage = new Stage();
    const sink = stage.join('sync', 1, (player) => player.setReceive({ audio: false, video: false }));
    stage.play(V(1), H(2), K(3), A(4));
    stage.publication.appendData(Buffer.from([2, 0, 1, 0x61]), 80, undefined, Date.now());
    stage.turn();
    expect(words(sink)).toBe('D');
  });
});
