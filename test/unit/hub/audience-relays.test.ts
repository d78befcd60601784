import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Audience } from '../../../src/hub/audience.js';
import { Fanout, type Member } from '../../../src/hub/fanout.js';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A stream with players in a full window of 100 ms, and other nodes in one of 5 ms. */
function harness(relays: number, relayDelayMs = 5) {
  const now = () => Date.now();
  const fanout = new Fanout({ maxDelayMs: 100, playersAtMaxDelay: 1 }, now);
  const fast = new Fanout({ maxDelayMs: relayDelayMs, playersAtMaxDelay: 1 }, now);
  const audience = new Audience(fanout, () => fast);
  const visits: { readonly by: string; readonly atMs: number }[] = [];
  const failed: string[] = [];
  const member = (by: string): Member => ({
    slot: -1,
    visit: () => visits.push({ by, atMs: Date.now() - appendedMs }),
    fail: () => failed.push(by),
  });
  let appendedMs = 0;
  const add = (by: string, isRelay: boolean): Member => {
    const made = member(by);
    if (isRelay) audience.addRelay(made);
    else audience.add(made);
    return made;
  };
  const players = Array.from({ length: 20 }, (_, i) => add(`player ${i}`, false));
  const nodes = Array.from({ length: relays }, (_, i) => add(`node ${i}`, true));
  vi.advanceTimersByTime(1000);
  const append = (): void => {
    visits.length = 0;
    appendedMs = Date.now();
    audience.wake();
    vi.advanceTimersByTime(1000);
  };
  return { audience, fanout, players, nodes, visits, failed, append };
}

describe('other nodes that play a stream', () => {
  it('are served within their own window, and before every player', () => {
    const { append, visits } = harness(3);
    append();
    expect(visits.slice(0, 3).map(({ by }) => by)).toEqual(['node 0', 'node 1', 'node 2']);
    expect(Math.max(...visits.slice(0, 3).map(({ atMs }) => atMs))).toBeLessThanOrEqual(5);
    expect(visits).toHaveLength(23);
  });

  it('never wait for the window of the players, however much comes', () => {
    const { audience, visits } = harness(3);
    const beganMs = Date.now();
    visits.length = 0;
    for (let ms = 0; ms < 1000; ms += 2) {
      audience.wake();
      vi.advanceTimersByTime(2);
    }
    const gaps = (by: string): number[] => {
      const times = visits.filter((visit) => visit.by === by).map(({ atMs }) => atMs);
      return times.slice(1).map((atMs, i) => atMs - times[i]!);
    };
    expect(Date.now() - beganMs).toBe(1000);
    for (const node of ['node 0', 'node 1', 'node 2']) expect(Math.max(...gaps(node))).toBeLessThanOrEqual(6);
    // A round is walked in steps of whole players, so that it is a little shorter than the window.
    expect(gaps('player 0').length).toBeLessThan(25);
    expect(gaps('node 0').length).toBeGreaterThan(150);
  });

  it('are served at the end of the turn of the event loop when their window is 0', () => {
    const { append, visits } = harness(2, 0);
    append();
    expect(visits.slice(0, 2)).toEqual([
      { by: 'node 0', atMs: 0 },
      { by: 'node 1', atMs: 0 },
    ]);
  });

  it('count as players, come first among them, and leave like them', () => {
    const { audience, nodes, players } = harness(2);
    expect([audience.size, audience.players.slice(0, 2), audience.everyone.length]).toEqual([22, nodes, 22]);
    expect([...nodes, ...players].map((each) => audience.remove(each))).toEqual(Array.from({ length: 22 }, () => true));
    expect([audience.size, audience.everyone]).toEqual([0, []]);
    expect(audience.remove(nodes[0]!)).toBe(false);
  });

  it('cost a player nothing, and a node that fails costs no other its turn', () => {
    const { audience, nodes, append, visits, failed } = harness(2);
    nodes[0]!.visit = () => {
      throw new Error('a defect');
    };
    append();
    expect([failed, visits.filter(({ by }) => by.startsWith('node'))]).toMatchObject([['node 0'], [{ by: 'node 1' }]]);
    expect([audience.remove(nodes[0]!), audience.size]).toEqual([false, 21]);
  });

  it('keep a publisher from being stopped until the turn of the players, and let one go on that was', () => {
    const { audience, fanout } = harness(0);
    const others = new Audience(fanout);
    for (let i = 0; i < 320; i++) others.add({ slot: -1, visit: () => {}, fail: () => {} });
    vi.advanceTimersByTime(1000);
    const reader = { resumes: 0, resumeReads: () => void reader.resumes++ };
    expect(audience.hold(reader, 100, 40)).toBe(true);
    const node: Member = { slot: -1, visit: () => {}, fail: () => {} };
    audience.addRelay(node);
    expect(reader.resumes).toBe(1);
    expect(audience.hold(reader, 100, 40)).toBe(false);
    audience.remove(node);
    expect(audience.hold(reader, 100, 40)).toBe(true);
  });
});
