import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Audience } from '../../../src/hub/audience.js';
import { Fanout, type Member } from '../../../src/hub/fanout.js';

/** A publisher's connection: reads what has come when it is told to, and is held again or not. */
class FakeReader {
  readsMs: number[] = [];
  held = false;
  waiting = 0;
  readonly #audience: Audience;

  constructor(audience: Audience) {
    this.#audience = audience;
  }

  /** `bytes` arrive. */
  receive(bytes: number): void {
    this.waiting += bytes;
    if (!this.held) this.#read();
  }

  resumeReads(): void {
    this.held = false;
    if (this.waiting > 0) this.#read();
  }

  #read(): void {
    const bytes = this.waiting;
    this.waiting = 0;
    this.readsMs.push(Date.now());
    this.#audience.wake();
    this.held = this.#audience.hold(this, bytes, MIN_WINDOW_MS);
  }
}

const MIN_WINDOW_MS = 40;

function harness(o: { streams: number; playersEach: number; maxDelayMs?: number }) {
  const fanout = new Fanout({ maxDelayMs: o.maxDelayMs ?? 100, playersAtMaxDelay: 1 }, () => Date.now());
  const visits: { atMs: number; audience: number }[] = [];
  const audiences = Array.from({ length: o.streams }, () => new Audience(fanout));
  const players = audiences.flatMap((audience, index) =>
    Array.from({ length: o.playersEach }, () => {
      const visit = () => visits.push({ atMs: Date.now(), audience: index });
      const player: Member = { slot: -1, visit, fail: () => {} };
      audience.add(player);
      return player;
    }),
  );
  // A round with nothing to read: from then on the streams are known to send little between two turns.
  vi.advanceTimersByTime(1000);
  visits.length = 0;
  return { fanout, audiences, players, visits };
}

describe('reading a publisher when it is the turn of its players', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('reads once per window what came in many pieces, right before its players are served', () => {
    const { audiences, visits } = harness({ streams: 50, playersEach: 4 });
    const reader = new FakeReader(audiences[7]);
    for (let ms = 0; ms < 3000; ms += 5) {
      reader.receive(400);
      vi.advanceTimersByTime(5);
    }
    expect(reader.readsMs.length).toBeGreaterThanOrEqual(25);
    expect(reader.readsMs.length).toBeLessThanOrEqual(31);
    const served = visits.filter(({ audience }) => audience === 7);
    // Each is followed by a visit of each of the four, in the same step of the ring or, should they stand at its end,
    // the next.
    for (const readMs of reader.readsMs.slice(1, -1)) {
      expect(served.filter(({ atMs }) => atMs >= readMs && atMs <= readMs + 10)).toHaveLength(4);
    }
  });

  it('reads as bytes come when the window is short, or the audience too large for one step', () => {
    for (const o of [
      { streams: 50, playersEach: 4, maxDelayMs: MIN_WINDOW_MS - 1 },
      { streams: 15, playersEach: 4 },
      { streams: 1, playersEach: 400 },
    ]) {
      const { audiences } = harness(o);
      const reader = new FakeReader(audiences[0]);
      reader.receive(400);
      expect(reader.held, JSON.stringify(o)).toBe(false);
    }
  });

  it('reads as bytes come while a stream has more of them than a socket keeps', () => {
    const { audiences } = harness({ streams: 50, playersEach: 4 });
    const reader = new FakeReader(audiences[7]);
    reader.receive(49_152);
    expect(reader.held).toBe(true);
    vi.advanceTimersByTime(150);
    expect(reader.held).toBe(false);
    reader.receive(400);
    expect(reader.held).toBe(false);
    vi.advanceTimersByTime(150);
    reader.receive(400);
    expect(reader.held).toBe(true);
  });

  it('lets nobody wait for ever: the ring runs on, the last player leaves, another publisher takes over', () => {
    const { fanout, audiences, players } = harness({ streams: 50, playersEach: 1 });
    const [one, two] = [new FakeReader(audiences[0]), new FakeReader(audiences[0])];
    one.receive(400);
    expect(one.held).toBe(true);
    vi.advanceTimersByTime(110);
    expect(one.held).toBe(false);
    expect(vi.getTimerCount()).toBe(0);

    one.receive(400);
    two.receive(400);
    expect([one.held, two.held]).toEqual([false, true]);

    audiences[0].remove(players[0]);
    expect(two.held).toBe(false);
    expect(fanout.size).toBe(49);
  });

  it('never holds when pacing is off', () => {
    const { audiences } = harness({ streams: 50, playersEach: 4 });
    expect(audiences[0].hold({ resumeReads: () => {} }, 400, 0)).toBe(false);
  });
});
