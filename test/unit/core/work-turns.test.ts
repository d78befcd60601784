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
    for (const name of ['a', 'b', 'c']) void client(name);
    expect(done).toEqual(['a0', 'b0']);
    const pieces: number[] = [];
    for (let before = done.length; left > 0; before = done.length) {
      await new Promise((resolve) => setImmediate(resolve));
      if (done.length > before) pieces.push(done.length - before);
    }
    expect(done).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'c1']);
    expect(Math.max(...pieces)).toBe(2);
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
