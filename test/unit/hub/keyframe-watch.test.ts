import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { message } from '../../support/hub/media.js';
import { PublicationHarness, words } from '../../support/hub/publication-harness.js';

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
  const wait = (ms: number) => new PublicationHarness({ gopMaxMessages: 3, maxKeyframeWaitMs: ms });

  it('waits until so long after the last one, and then gets video as it comes', () => {
    const harness = wait(2000);
    harness.play(V(1), H(2), K(3), I(4, 80), I(5, 80), I(6, 80));
    const sink = harness.join();
    harness.play(I(7, 80), A(8));
    expect(words(sink)).toBe('H2 V1 A8');
    harness.turn(1700);
    harness.publication.tick(Date.now() - 1);
    harness.play(I(9, 80), A(10));
    expect(words(sink)).toBe('H2 V1 A8 A10');
    harness.publication.tick(Date.now());
    harness.play(I(11, 80), A(12));
    expect(words(sink)).toBe('H2 V1 A8 A10 I11 A12');
  });

  it('does not wait at all when it joins after that time, in the media or by the clock', () => {
    for (const timestamp of [80, 2061]) {
      const harness = wait(2000);
      harness.play(V(1), H(2), K(3), I(4, 80), I(5, 80), I(6, timestamp));
      if (timestamp === 80) harness.turn(2000);
      harness.publication.tick(Date.now());
      const sink = harness.join();
      harness.play(I(7, timestamp), A(8));
      expect(words(sink)).toBe('H2 V1 I7 A8');
    }
  });

  it('gets pictures again after it was too slow', () => {
    const harness = new PublicationHarness({ maxLagBytes: 1000, gopMaxMessages: 3, maxKeyframeWaitMs: 2000 });
    harness.play(V(1), H(2), K(3));
    const sink = harness.join('stuck');
    harness.turn();
    for (let n = 10; n < 20; n++) harness.play(I(n, 80));
    sink.mode = 'sync';
    sink.drain();
    harness.turn(2000);
    harness.publication.tick(Date.now());
    harness.play(I(30, 80), A(31));
    harness.play(I(32, 80), A(33));
    expect(words(sink).endsWith('I32 A33')).toBe(true);
  });

  it('gets the headers that changed while it waited, before the first picture', () => {
    const harness = wait(500);
    harness.play(V(1), H(2), K(3), I(4, 80), I(5, 80), I(6, 80));
    const sink = harness.join();
    harness.play(A(7));
    harness.play(V(8), A(9));
    harness.turn(500);
    harness.publication.tick(Date.now());
    harness.play(I(10, 80));
    expect(words(sink).split(' ').slice(-3)).toEqual(['H2', 'V8', 'I10']);
  });

  it('never waits when the wait is set to nothing', () => {
    const harness = wait(0);
    harness.play(V(1), H(2), I(3, 60), I(4, 80));
    const sink = harness.join();
    harness.play(I(5, 100));
    expect(words(sink)).toBe('H2 V1 I5');
  });
});

describe('players of a stream whose publisher is back in the middle of a GOP', () => {
  it('that stayed get no video before the next keyframe, and go on with their sound', () => {
    const harness = new PublicationHarness();
    const sink = harness.join();
    harness.play(V(1), H(2), K(3), I(4), A(5));
    harness.publication.resumed(Date.now());
    harness.play(I(6), A(7));
    harness.play(A(8), K(9), I(10));
    expect(words(sink)).toBe('V1 H2 K3 I4 A5 A7 A8 H2 V1 K9 I10');
  });

  it('that join late get nothing of the old GOP', () => {
    const harness = new PublicationHarness();
    harness.play(V(1), H(2), K(3), I(4), A(5));
    harness.publication.resumed(Date.now());
    harness.play(I(6), A(7));
    const sink = harness.join();
    harness.play(I(8), A(9));
    harness.play(K(10), I(11));
    expect(words(sink)).toBe('H2 V1 A9 K10 I11');
  });

  it('get video as it comes when no keyframe comes in time', () => {
    const harness = new PublicationHarness({ maxKeyframeWaitMs: 1000 });
    const sink = harness.join();
    harness.play(V(1), H(2), K(3), I(4));
    harness.turn(5000);
    harness.publication.tick(Date.now());
    harness.publication.resumed(Date.now());
    harness.play(I(6), A(7));
    harness.turn(1000);
    harness.publication.tick(Date.now());
    harness.play(I(8), A(9));
    expect(words(sink)).toBe('V1 H2 K3 I4 A7 H2 V1 I8 A9');
  });

  it('that waited for the first publisher get no video before its first keyframe', () => {
    const harness = new PublicationHarness();
    const sink = harness.join();
    harness.play(V(1), H(2), I(3), A(4));
    harness.play(I(5), A(6));
    harness.play(K(7), I(8));
    expect(words(sink)).toBe('H2 A4 A6 H2 V1 K7 I8');
  });
});
