import { describe, expect, it } from 'vitest';
import { Turns } from '../../../../src/page/pictures/turns.js';

describe('the turns of pictures', () => {
  it('are two at a time', () => {
    const turns = new Turns();
    for (const id of ['a', 'b', 'c']) turns.see(id);
    expect([turns.next(0), turns.next(0), turns.next(0)]).toEqual(['a', 'b', undefined]);
    turns.done('a');
    expect(turns.next(5)).toBe('c');
  });

  it('come every 15 seconds for each, and first to the one that waited longest', () => {
    const turns = new Turns();
    const whole = (nowMs: number): string | undefined => {
      const id = turns.next(nowMs);
      if (id !== undefined) turns.done(id);
      return id;
    };
    turns.see('a');
    turns.see('b');
    expect([whole(0), whole(1000), whole(14_999)]).toEqual(['a', 'b', undefined]);
    expect([whole(20_000), whole(20_000), whole(20_000)]).toEqual(['a', 'b', undefined]);
  });

  it('are for what is seen, and remember what was seen a moment ago', () => {
    const turns = new Turns();
    turns.see('a');
    expect(turns.next(0)).toBe('a');
    turns.done('a');
    turns.lose('a');
    expect([turns.isIdle, turns.next(60_000)]).toEqual([true, undefined]);
    turns.see('a');
    expect(turns.next(5000)).toBeUndefined();
    turns.forget('a');
    turns.see('a');
    expect(turns.next(5000)).toBe('a');
  });

  it('never run twice for one, however long an answer takes', () => {
    const turns = new Turns();
    turns.see('a');
    expect([turns.next(0), turns.next(30_000)]).toEqual(['a', undefined]);
  });
});
