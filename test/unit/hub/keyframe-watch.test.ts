import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { message } from '../../support/hub/media.js';
import { Stage, words } from '../../support/hub/publication-harness.js';

const V = (n: number) => message('videoHeader', n);
const H = (n: number) => message('audioHeader', n);
const K = (n: number) => message('key', n, 200);
const I = (n: number, timestamp = n * 20) => message('inter', n, 200, timestamp);
const A = (n: number) => message('audio', n, 100);

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a player of a stream whose next keyframe does not come', () => {
  const wait = (ms: number) => new Stage({ gopMaxMessages: 3, maxKeyframeWaitMs: ms });

  it('waits until so long after the last one, and then gets video as it comes', () => {
    const stage = wait(2000);
    stage.play(V(1), H(2), K(3), I(4, 80), I(5, 80), I(6, 80));
    const sink = stage.join();
    stage.play(I(7, 80), A(8));
    expect(words(sink)).toBe('H2 V1 A8');
    stage.turn(1700);
    stage.publication.tick(Date.now() - 1);
    stage.play(I(9, 80), A(10));
    expect(words(sink)).toBe('H2 V1 A8 A10');
    stage.publication.tick(Date.now());
    stage.play(I(11, 80), A(12));
    expect(words(sink)).toBe('H2 V1 A8 A10 I11 A12');
  });

  it('does not wait at all when it joins after that time, in the media or by the clock', () => {
    for (const timestamp of [80, 2061]) {
      const stage = wait(2000);
      stage.play(V(1), H(2), K(3), I(4, 80), I(5, 80), I(6, timestamp));
      if (timestamp === 80) stage.turn(2000);
      stage.publication.tick(Date.now());
      const sink = stage.join();
      stage.play(I(7, timestamp), A(8));
      expect(words(sink)).toBe('H2 V1 I7 A8');
    }
  });

  it('gets pictures again after it was too slow', () => {
    const stage = new Stage({ maxLagBytes: 1000, gopMaxMessages: 3, maxKeyframeWaitMs: 2000 });
    stage.play(V(1), H(2), K(3));
    const sink = stage.join('stuck');
    stage.turn();
    for (let n = 10; n < 20; n++) stage.play(I(n, 80));
    sink.mode = 'sync';
    sink.drain();
    stage.turn(2000);
    stage.publication.tick(Date.now());
    stage.play(I(30, 80), A(31));
    stage.play(I(32, 80), A(33));
    expect(words(sink).endsWith('I32 A33')).toBe(true);
  });

  it('gets the headers that changed while it waited, before the first picture', () => {
    const stage = wait(500);
    stage.play(V(1), H(2), K(3), I(4, 80), I(5, 80), I(6, 80));
    const sink = stage.join();
    stage.play(A(7));
    stage.play(V(8), A(9));
    stage.turn(500);
    stage.publication.tick(Date.now());
    stage.play(I(10, 80));
    expect(words(sink).split(' ').slice(-3)).toEqual(['H2', 'V8', 'I10']);
  });

  it('never waits when the wait is set to nothing', () => {
    const stage = wait(0);
    stage.play(V(1), H(2), I(3, 60), I(4, 80));
    const sink = stage.join();
    stage.play(I(5, 100));
    expect(words(sink)).toBe('H2 V1 I5');
  });
});

describe('players of a stream whose publisher is back in the middle of a GOP', () => {
  it('that stayed get no video before the next keyframe, and go on with their sound', () => {
    const stage = new Stage();
    const sink = stage.join();
    stage.play(V(1), H(2), K(3), I(4), A(5));
    stage.publication.resumed(Date.now());
    stage.play(I(6), A(7));
    stage.play(A(8), K(9), I(10));
    expect(words(sink)).toBe('V1 H2 K3 I4 A5 A7 A8 H2 V1 K9 I10');
  });

  it('that join late get nothing of the old GOP', () => {
    const stage = new Stage();
    stage.play(V(1), H(2), K(3), I(4), A(5));
    stage.publication.resumed(Date.now());
    stage.play(I(6), A(7));
    const sink = stage.join();
    stage.play(I(8), A(9));
    stage.play(K(10), I(11));
    expect(words(sink)).toBe('H2 V1 A9 K10 I11');
  });

  it('get video as it comes when no keyframe comes in time', () => {
    const stage = new Stage({ maxKeyframeWaitMs: 1000 });
    const sink = stage.join();
    stage.play(V(1), H(2), K(3), I(4));
    stage.turn(5000);
    stage.publication.tick(Date.now());
    stage.publication.resumed(Date.now());
    stage.play(I(6), A(7));
    stage.turn(1000);
    stage.publication.tick(Date.now());
    stage.play(I(8), A(9));
    expect(words(sink)).toBe('V1 H2 K3 I4 A7 H2 V1 I8 A9');
  });

  it('that waited for the first publisher get no video before its first keyframe', () => {
    const stage = new Stage();
    const sink = stage.join();
    stage.play(V(1), H(2), I(3), A(4));
    stage.play(I(5), A(6));
    stage.play(K(7), I(8));
    expect(words(sink)).toBe('H2 A4 A6 H2 V1 K7 I8');
  });
});
