import { describe, expect, it } from 'vitest';
import { WorkTurns } from '../../../src/core/work-turns.js';

/** A clock that stands until a piece of work or a rest moves it, and when each piece began. */
function bench() {
  const time = { ms: 1000 };
  const begun: { readonly piece: string; readonly atMs: number }[] = [];
  const turns = new WorkTurns(
    () => time.ms,
    (work, ms) =>
      setImmediate(() => {
        time.ms += ms;
        work();
      }),
  );
  /** Asks again and again, beginning in a turn of its own, as a request does. */
  const client = async (name: string, pieces: number, costMs: number): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    for (let piece = 0; piece < pieces; piece++) {
      await turns.mine();
      begun.push({ piece: `${name}${piece}`, atMs: time.ms });
      time.ms += costMs;
    }
  };
  return { time, turns, begun, client };
}

describe('work in pieces', () => {
  it('has four milliseconds for all who ask, then rests for eight, and goes on in the order of asking', async () => {
    const { begun, client } = bench();
    await Promise.all(['a', 'b', 'c'].map((name) => client(name, 2, 2)));
    expect(begun.map(({ piece, atMs }) => `${piece} ${atMs}`)).toEqual([
      ...['a0 1000', 'a1 1002'],
      ...['b0 1012', 'c0 1014'],
      ...['b1 1024', 'c1 1026'],
    ]);
  });

  it.each([1, 2, 8])('is a third of the time for %i who ask for more and more', async (clients) => {
    const { time, begun, client } = bench();
    const each = 960 / clients;
    await Promise.all(Array.from({ length: clients }, (_, n) => client(`${n}:`, each, 0.1)));
    expect(begun.length).toBe(960);
    // 96 ms of work; the last rest is not waited for.
    const tookMs = time.ms - 1000;
    expect(tookMs).toBeGreaterThan(3 * 96 - 8 - 0.2 - 4);
    expect(tookMs).toBeLessThan(3 * 96 + 4);
  });

  it('rests no longer after a time in which the process could not run', async () => {
    const { time, begun, client } = bench();
    await client('long', 1, 600_000);
    await client('next', 1, 1);
    expect(begun[1].atMs).toBe(time.ms - 1);
    expect(begun[1].atMs).toBe(601_000);
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
