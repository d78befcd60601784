import { describe, expect, it } from 'vitest';
import { WorkTurns } from '../../../src/core/work-turns.js';

describe('work in pieces', () => {
  it('has four milliseconds of a turn for all who ask, goes on in the next ones in order, and rests twice as long in between', async () => {
    let nowMs = 0;
    const turns = new WorkTurns(
      () => nowMs,
      (work, ms) => {
        setImmediate(() => {
          nowMs += ms;
          work();
        });
      },
    );
    const done: { piece: string; at: number }[] = [];
    const client = async (name: string): Promise<void> => {
      for (let piece = 0; piece < 2; piece++) {
        await turns.mine();
        done.push({ piece: `${name}${piece}`, at: nowMs });
        nowMs += 2;
      }
    };
    await Promise.all(
      ['a', 'b', 'c'].map((name) => new Promise((resolve) => setImmediate(() => resolve(client(name))))),
    );
    expect(done.map(({ piece }) => piece)).toEqual(['a0', 'a1', 'b0', 'c0', 'b1', 'c1']);
    const [first, , second, , third] = done.map(({ at }) => at);
    expect([done[1].at - first, done[3].at - second, done[5].at - third]).toEqual([2, 2, 2]);
    expect([second - first, third - second].every((ms) => ms >= 4 + 8)).toBe(true);
  });

  it('begins at once where nobody has worked', async () => {
    const turns = new WorkTurns(() => 0);
    let turn = 0;
    setImmediate(() => turn++);
    await turns.mine();
    await turns.mine();
    expect(turn).toBe(0);
  });
});
