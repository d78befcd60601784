import { describe, expect, it } from 'vitest';
import { StreamHistory } from '../../../src/page/stream-history.js';

describe('the history of streams', () => {
  it('is kept for each stream', () => {
    const history = new StreamHistory();
    history.add('a', 1, { kbpsIn: 10, kbpsOut: 20, delayMs: 30, players: 2 });
    history.add('a', 2, { kbpsIn: 11, players: 3 });
    history.add('b', 1, { kbpsIn: 5, players: 0 });
    expect(history.columns('a')).toEqual({
      times: [1, 2],
      series: [
        [10, 11],
        [20, null],
        [30, null],
        [2, 3],
      ],
    });
    expect(history.columns('b').times).toEqual([1]);
    expect(history.columns('c')).toEqual({ times: [], series: [[], [], [], []] });
  });

  it('is dropped with its stream, and bounded all the same', () => {
    const history = new StreamHistory();
    const told = { kbpsIn: 1, players: 0 };
    // The first 1,000, as one overview tells them, and all together: none pushes another one out.
    for (const time of [1, 2]) for (let index = 0; index <= 1000; index += 1) history.add(`s${index}`, time, told);
    expect([history.columns('s0').times, history.columns('s1000').times]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    for (let index = 1001; index <= 1100; index += 1) history.add(`s${index}`, 1, told);
    expect([history.columns('s0').times, history.columns('s1100').times]).toEqual([[], [1]]);
    history.keep(new Set(['s1']));
    expect([history.columns('s1').times, history.columns('s1000').times]).toEqual([[1, 2], []]);
  });
});
