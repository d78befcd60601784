import { describe, expect, it } from 'vitest';
import { WorkTurns } from '../../../src/core/work-turns.js';

describe('work in pieces', () => {
  it('has four milliseconds of a turn for all who ask, and goes on in the next ones in order', async () => {
    let nowMs = 0;
    const turns = new WorkTurns(() => nowMs);
    const done: string[] = [];
    let left = 3;
    const client = async (name: string): Promise<void> => {
      for (let piece = 0; piece < 2; piece++) {
        await turns.mine();
        done.push(`${name}${piece}`);
        nowMs += 2;
      }
      left--;
    };
    for (const name of ['a', 'b', 'c']) setImmediate(() => void client(name));
    const pieces: number[] = [];
    for (let before = 0; left > 0; before = done.length) {
      await new Promise((resolve) => setImmediate(resolve));
      if (done.length > before) pieces.push(done.length - before);
    }
    expect(done).toEqual(['a0', 'a1', 'b0', 'b1', 'c0', 'c1']);
    expect(pieces).toEqual([2, 2, 2]);
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
