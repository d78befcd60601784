import { describe, expect, it } from 'vitest';
import { History, sparkline, spread, summary } from '../../../src/page/history.js';

describe('a history', () => {
  it('holds the last moments, oldest first', () => {
    const history = new History(2, 3);
    expect([history.length, history.newestMs, history.columns()]).toEqual([0, 0, { times: [], series: [[], []] }]);
    for (const time of [1, 2, 3, 4, 5]) history.push(time, [time * 10, undefined]);
    expect(history.columns()).toEqual({
      times: [3, 4, 5],
      series: [
        [30, 40, 50],
        [null, null, null],
      ],
    });
    expect([history.length, history.newestMs]).toEqual([3, 5]);
  });

  it('takes no moment twice, and none that lies before the newest', () => {
    const history = new History(1, 3);
    history.push(5, [1]);
    history.push(5, [2]);
    history.push(4, [3]);
    history.push(6, []);
    expect(history.columns()).toEqual({ times: [5, 6], series: [[1, null]] });
  });
});

describe('a small line', () => {
  it('goes from the left to the right of its box, with 0 at its bottom', () => {
    expect(sparkline([0, 5, 10], 100, 20)).toBe('0,20 50,10 100,0');
    expect(sparkline([0, null], 100, 20)).toBe('0,20 100,20');
  });

  it('is none through fewer than two values', () => {
    expect([sparkline([], 10, 10), sparkline([3], 10, 10)]).toEqual(['', '']);
  });
});

describe('the words of a chart', () => {
  const format = (value: number): string => `${value} ms`;

  it('tell the newest, the smallest and the largest value', () => {
    expect(summary([5, null, 9, 7], format)).toBe('now 7 ms, between 5 ms and 9 ms');
    expect(summary([5, null], format)).toBe('not measured now, between 5 ms and 5 ms');
    expect(summary([null], format)).toBe('nothing measured yet');
  });
});

describe('rows for a table', () => {
  it('are few, spread evenly, and have the newest', () => {
    expect(spread(3, 5)).toEqual([0, 1, 2]);
    expect(spread(10, 4)).toEqual([0, 3, 6, 9]);
    expect(spread(0, 4)).toEqual([]);
    expect(spread(301, 12).length).toBeLessThanOrEqual(12);
  });
});
