import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Audience } from '../../../src/hub/audience.js';
import { Fanout, type Member } from '../../../src/hub/fanout.js';

/** Only what the fan-out touches of a player. */
class FakePlayer implements Member {
  slot = -1;
  readonly audience: Audience;
  readonly visitsMs: number[] = [];
  onVisit: (() => void) | undefined;
  readonly failures: unknown[] = [];

  constructor(audience: Audience) {
    this.audience = audience;
    audience.add(this);
  }

  leave(): void {
    this.audience.remove(this);
  }

  fail(error: unknown): void {
    this.failures.push(error);
  }

  visit(): void {
    this.visitsMs.push(Date.now());
    this.onVisit?.();
  }
}

function ring(players: number, options: { maxDelayMs: number; playersAtMaxDelay: number }, streams = 1) {
  const fanout = new Fanout(options, () => Date.now());
  const audiences = Array.from({ length: streams }, () => new Audience(fanout));
  const all = Array.from({ length: players }, (_, i) => new FakePlayer(audiences[i % streams]));
  vi.advanceTimersByTime(10_000);
  for (const player of all) player.visitsMs.length = 0;
  return { fanout, all, audiences };
}

/** All players on one stream, a few on each of several, one on each. */
const STREAMS = [1, 7, 400];

describe('the fan-out', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('grows its window with the audience up to the configured delay', () => {
    const { fanout, audiences } = ring(0, { maxDelayMs: 100, playersAtMaxDelay: 1000 });
    const windows: number[] = [];
    for (let size = 1; size <= 1200; size++) {
      new FakePlayer(audiences[0]);
      if (size === 10 || size === 500 || size === 1000 || size === 1200) windows.push(fanout.windowMs);
    }
    expect(windows).toEqual([1, 50, 100, 100]);
  });

  it('runs no timer while nothing is owed', () => {
    const { fanout } = ring(500, { maxDelayMs: 100, playersAtMaxDelay: 1000 });
    expect(vi.getTimerCount()).toBe(0);
    fanout.wake();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(STREAMS)('lets a player that fails go, serves everybody else once, and goes on (%i streams)', (streams) => {
    const { fanout, all } = ring(40, { maxDelayMs: 100, playersAtMaxDelay: 40 }, streams);
    const faulty = [all[0], all[1], all[17], all[39]];
    for (const player of faulty) {
      player.onVisit = () => {
        throw new Error('a defect');
      };
    }
    fanout.wake();
    vi.advanceTimersByTime(200);
    expect(all.map(({ visitsMs }) => visitsMs.length)).toEqual(all.map(() => 1));
    expect(faulty.map(({ failures }) => failures.length)).toEqual([1, 1, 1, 1]);
    expect(fanout.size).toBe(36);
    fanout.wake();
    vi.advanceTimersByTime(200);
    expect(all.map(({ visitsMs }) => visitsMs.length)).toEqual(all.map((player) => (faulty.includes(player) ? 1 : 2)));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stops when the last player fails', () => {
    const { fanout, all } = ring(1, { maxDelayMs: 100, playersAtMaxDelay: 1 });
    all[0].onVisit = () => {
      throw new Error('a defect');
    };
    fanout.wake();
    vi.advanceTimersByTime(200);
    expect(fanout.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('runs no timer without players', () => {
    const { fanout } = ring(0, { maxDelayMs: 100, playersAtMaxDelay: 1000 });
    fanout.wake();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(STREAMS)('visits everybody once within one window after something came (%i streams)', (streams) => {
    const { fanout, all } = ring(300, { maxDelayMs: 100, playersAtMaxDelay: 300 }, streams);
    fanout.wake();
    vi.advanceTimersByTime(110);
    expect(all.every(({ visitsMs }) => visitsMs.length === 1)).toBe(true);
  });

  it('sends at the end of the loop turn when there are few players or no delay is wanted', () => {
    for (const options of [
      { maxDelayMs: 100, playersAtMaxDelay: 1000 },
      { maxDelayMs: 0, playersAtMaxDelay: 1 },
    ]) {
      const { fanout, all } = ring(9, options);
      fanout.wake();
      vi.advanceTimersByTime(0);
      vi.runAllTicks();
      vi.advanceTimersByTime(1);
      expect(all.every(({ visitsMs }) => visitsMs.length === 1)).toBe(true);
    }
  });

  it.each(STREAMS)(
    'visits each player about once per window while media flows, and all alike (%i streams)',
    (streams) => {
      const { fanout, all } = ring(400, { maxDelayMs: 100, playersAtMaxDelay: 400 }, streams);
      for (let ms = 0; ms < 2000; ms += 5) {
        fanout.wake();
        vi.advanceTimersByTime(5);
      }
      const counts = all.map(({ visitsMs }) => visitsMs.length);
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(19);
      expect(Math.max(...counts)).toBeLessThanOrEqual(24);
      for (const { visitsMs } of all) {
        for (let i = 1; i < visitsMs.length; i++) expect(visitsMs[i] - visitsMs[i - 1]).toBeLessThanOrEqual(110);
      }
    },
  );

  it.each(STREAMS)(
    'takes a pause for no debt: after a quiet minute it visits each player once, not many rounds at once (%i streams)',
    (streams) => {
      const { fanout, all } = ring(2000, { maxDelayMs: 100, playersAtMaxDelay: 1000 }, streams);
      vi.advanceTimersByTime(60_000);
      for (let ms = 0; ms < 1000; ms += 5) {
        fanout.wake();
        vi.advanceTimersByTime(5);
      }
      const counts = all.map(({ visitsMs }) => visitsMs.length);
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(9);
      expect(Math.max(...counts)).toBeLessThanOrEqual(13);
    },
  );

  it.each(STREAMS)('gives the loop a turn after at most 512 visits (%i streams)', (streams) => {
    const { fanout, all } = ring(1500, { maxDelayMs: 0, playersAtMaxDelay: 1 }, streams);
    let inOneTurn = 0;
    let most = 0;
    for (const player of all) player.onVisit = () => inOneTurn++;
    fanout.wake();
    while (vi.getTimerCount() > 0) {
      inOneTurn = 0;
      vi.advanceTimersToNextTimer();
      most = Math.max(most, inOneTurn);
    }
    expect(most).toBe(512);
    expect(all.every(({ visitsMs }) => visitsMs.length === 1)).toBe(true);
  });

  it.each(STREAMS)('lets a player leave while it is being visited (%i streams)', (streams) => {
    const { fanout, all } = ring(10, { maxDelayMs: 0, playersAtMaxDelay: 1 }, streams);
    for (const player of all) player.onVisit = () => player.leave();
    fanout.wake();
    vi.advanceTimersByTime(10);
    expect(fanout.size).toBe(0);
    expect(all.every(({ visitsMs }) => visitsMs.length === 1)).toBe(true);
    all[0].leave();
    expect(fanout.size).toBe(0);
  });

  it('lets nobody lose its turn because others leave or come in the middle of a round', () => {
    const change = fc.record({ afterMs: fc.integer({ min: 1, max: 40 }), pick: fc.nat(), joins: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 12 }),
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (changes, players, streams) => {
          const { fanout, all, audiences } = ring(players, { maxDelayMs: 200, playersAtMaxDelay: 1 }, streams);
          const present = [...all];
          fanout.wake();
          for (const { afterMs, pick, joins } of changes) {
            vi.advanceTimersByTime(afterMs);
            if (joins) {
              present.push(new FakePlayer(audiences[pick % streams]));
            } else if (present.length > 0) {
              const [gone] = present.splice(pick % present.length, 1);
              gone.leave();
            }
          }
          vi.advanceTimersByTime(1000);
          expect(present.every(({ visitsMs }) => visitsMs.length > 0)).toBe(true);
          expect(vi.getTimerCount()).toBe(0);
        },
      ),
      { seed: 7, numRuns: 400 },
    );
  });

  it('serves the players of a stream one after the other', () => {
    const { fanout, all } = ring(100, { maxDelayMs: 100, playersAtMaxDelay: 1 }, 10);
    const order: Audience[] = [];
    for (const player of all) player.onVisit = () => order.push(player.audience);
    fanout.wake();
    vi.advanceTimersByTime(200);
    expect(order.filter((audience, i) => audience !== order[i - 1])).toHaveLength(10);
  });

  it('takes another delay from the next window on', () => {
    const { fanout } = ring(10, { maxDelayMs: 100, playersAtMaxDelay: 10 });
    fanout.change({ maxDelayMs: 40, playersAtMaxDelay: 20 });
    expect(fanout.windowMs).toBe(20);
  });
});
