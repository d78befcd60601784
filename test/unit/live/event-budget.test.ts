import { describe, expect, it } from 'vitest';
import { DATA_RATE, EventBudget, UPDATE_RATE } from '../../../src/live/event-budget.js';

describe('the events that a publisher may cause', () => {
  it('are fifty at once, then twenty a second, and what is over is counted', () => {
    const budget = new EventBudget(DATA_RATE);
    const taken = (count: number, nowMs: number): number =>
      Array.from({ length: count }, () => budget.take(nowMs)).filter(Boolean).length;
    expect(taken(60, 0)).toBe(50);
    expect(budget.suppressed).toBe(10);
    expect(taken(30, 1000)).toBe(20);
    expect(taken(100, 60_000)).toBe(50);
    expect(budget.suppressed).toBe(70);
  });

  it('are not counted when they are offered again', () => {
    const budget = new EventBudget(UPDATE_RATE);
    const taken = (count: number, nowMs: number): number =>
      Array.from({ length: count }, () => budget.takeLater(nowMs)).filter(Boolean).length;
    expect(taken(20, 0)).toBe(10);
    expect(taken(20, 999)).toBe(0);
    expect(taken(20, 1000)).toBe(1);
    expect(budget.suppressed).toBe(0);
  });
});
