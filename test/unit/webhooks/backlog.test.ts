import { describe, expect, it } from 'vitest';
import { Backlog, type CursorState } from '../../../src/webhooks/backlog.js';
import { seeded } from '../../support/random.js';

const from = (read: number, open: readonly number[] = []): Backlog => new Backlog({ read, open });
/** Reads an event that is to be delivered. */
function offer(backlog: Backlog, position: number, key = 'a'): void {
  if (backlog.looksAt(position)) backlog.add(key, { position, wallMs: position, triedSinceMs: position });
}

describe('the backlog of a webhook', () => {
  it('hands out the events of a stream one after the other, and those of several streams at once', () => {
    const backlog = from(0);
    for (const [position, key] of [
      [1, 'a'],
      [2, 'a'],
      [3, 'b'],
    ] as const)
      offer(backlog, position, key);
    const a = backlog.take()!;
    const b = backlog.take()!;
    expect([a.key, a.events[0]!.position, b.key, backlog.take()]).toEqual(['a', 1, 'b', undefined]);
    backlog.settle(a);
    expect(backlog.take()?.events[0]?.position).toBe(2);
    expect([backlog.busy, backlog.open]).toEqual([2, 2]);
  });

  it('keeps a stream back that fails, until its time has come, and no other one', () => {
    const backlog = from(0);
    for (const [position, key] of [
      [1, 'a'],
      [2, 'a'],
      [3, 'b'],
    ] as const)
      offer(backlog, position, key);
    backlog.rest(backlog.take()!, 500);
    backlog.settle(backlog.take()!);
    expect([backlog.take(), backlog.waiting, backlog.open]).toEqual([undefined, 1, 2]);
    backlog.wake(499);
    expect(backlog.hasReady).toBe(false);
    backlog.wake(500);
    const again = backlog.take()!;
    expect([again.key, again.tries, again.events[0]!.position]).toEqual(['a', 1, 1]);
    backlog.settle(again);
    expect(backlog.take()).toMatchObject({ key: 'a', tries: 0, events: [{ position: 2 }] });
  });

  it('says what is done and what is not, and goes on from there', () => {
    const backlog = from(10);
    for (const [position, key] of [
      [11, 'a'],
      [12, 'b'],
      [14, 'a'],
      [15, 'c'],
    ] as const)
      offer(backlog, position, key);
    backlog.looksAt(16);
    backlog.take();
    backlog.settle(backlog.take()!);
    expect(backlog.state).toEqual({ read: 16, open: [11, 14, 15] });
    const next = new Backlog(backlog.state);
    expect([next.start, next.open]).toEqual([10, 3]);
    const looked = [11, 12, 13, 14, 15, 16, 17].filter((position) => next.looksAt(position));
    expect(looked).toEqual([11, 14, 15, 17]);
    expect(next.state).toEqual({ read: 17, open: [] });
  });

  it('forgets open events that the journal no longer has', () => {
    const backlog = from(20, [3, 7, 19]);
    expect([7, 19, 20, 21].filter((position) => backlog.looksAt(position))).toEqual([7, 19, 21]);
    expect(backlog.start).toBe(21);
  });

  it('is full at ten thousand open events', () => {
    const backlog = from(0);
    for (let position = 1; position < 10_000; position++) offer(backlog, position, String(position % 7));
    expect(backlog.isFull).toBe(false);
    offer(backlog, 10_000);
    expect(backlog.isFull).toBe(true);
    backlog.settle(backlog.take()!);
    expect(backlog.isFull).toBe(false);
    expect(backlog.heldBytes).toBeLessThan(2 << 20);
  });

  it('gives up events that are deleted, but for those on their way, which are tried no more', () => {
    const backlog = from(0);
    for (const [position, key] of [
      [1, 'a'],
      [2, 'a'],
      [3, 'b'],
      [4, 'a'],
      [5, 'c'],
    ] as const)
      offer(backlog, position, key);
    const a = backlog.take()!;
    expect(backlog.leave(3)).toEqual([2, 3]);
    expect(a).toMatchObject({ isLeaving: true, events: [{ position: 1 }, { position: 4 }] });
    backlog.settle(a);
    expect(a.isLeaving).toBe(false);
    expect(backlog.state.open).toEqual([4, 5]);
    expect(backlog.leave(5)).toEqual([4, 5]);
    expect([backlog.take(), backlog.open]).toEqual([undefined, 0]);
  });

  it('looks at events again for a replay, behind what is open, and counts their time from then', () => {
    const backlog = from(0);
    for (let position = 1; position <= 5; position++) offer(backlog, position);
    for (let i = 0; i < 3; i++) backlog.settle(backlog.take()!);
    backlog.rewind(1, 9000, 0);
    expect(backlog.state).toEqual({ read: 1, open: [4, 5], again: { upTo: 5, atMs: 9000 } });
    for (let position = 2; position <= 6; position++) offer(backlog, position);
    const sent: number[] = [];
    for (let lane = backlog.take(); lane !== undefined; lane = backlog.take()) {
      sent.push(lane.events[0]!.position);
      backlog.settle(lane);
    }
    expect(sent).toEqual([4, 5, 2, 3, 6]);
    expect(backlog.sinceMs({ position: 5, wallMs: 5 })).toBe(9000);
    expect(backlog.sinceMs({ position: 6, wallMs: 6 })).toBe(6);
  });

  it('counts the time of what an earlier replay has still to look at from the later one on', () => {
    const backlog = from(0);
    for (let position = 1; position <= 5; position++) offer(backlog, position);
    for (let i = 0; i < 5; i++) backlog.settle(backlog.take()!);
    backlog.rewind(0, 9000, 0);
    offer(backlog, 1);
    backlog.rewind(0, 9500, 0);
    expect(backlog.state.again).toEqual({ upTo: 5, atMs: 9500 });
    expect(backlog.sinceMs({ position: 4, wallMs: 4 })).toBe(9500);
  });

  it('never loses an event, and keeps the order of a stream, over random failures and restarts', () => {
    const random = seeded(7);
    for (let round = 0; round < 50; round++) {
      let backlog = from(0);
      let disk: CursorState = backlog.state;
      const sent = new Map<string, number[]>();
      const keyOf = (position: number): string => String(position % 5);
      let next = 1;
      for (let step = 0; step < 400; step++) {
        const what = random();
        if (what < 0.4) offer(backlog, next, keyOf(next++));
        else if (what < 0.8) {
          const lane = backlog.take();
          if (lane === undefined) backlog.wake(Number.POSITIVE_INFINITY);
          else if (random() < 0.3) backlog.rest(lane, 1);
          else {
            sent.set(lane.key, [...(sent.get(lane.key) ?? []), lane.events[0]!.position]);
            backlog.settle(lane);
          }
        } else if (what < 0.95) disk = backlog.state;
        else {
          backlog = new Backlog(disk);
          for (let position = backlog.start + 1; position < next; position++) offer(backlog, position, keyOf(position));
        }
      }
      for (backlog.wake(Number.POSITIVE_INFINITY); backlog.hasReady; backlog.wake(Number.POSITIVE_INFINITY)) {
        const lane = backlog.take()!;
        sent.set(lane.key, [...(sent.get(lane.key) ?? []), lane.events[0]!.position]);
        backlog.settle(lane);
      }
      for (let position = 1; position < next; position++) expect(sent.get(keyOf(position))).toContain(position);
      for (const positions of sent.values()) {
        const firsts = [...new Set(positions)];
        expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
      }
    }
  });
});
