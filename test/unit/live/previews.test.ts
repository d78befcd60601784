import { describe, expect, it } from 'vitest';
import { PREVIEW_BEGINS_MS, Previews, previewIn, previewQuery } from '../../../src/live/previews.js';

function setUp() {
  const clock = { nowMs: 0, wallMs: () => 0, monotonicMs: () => clock.nowMs };
  return { clock, previews: new Previews(clock) };
}

describe('a ticket for a preview', () => {
  it('is for one play of its stream', () => {
    const { previews } = setUp();
    const [one, other] = [previews.issue('s1'), previews.issue('s2')];
    expect(one).not.toBe(other);
    expect(previews.holds(one)).toBe(true);
    expect(previews.use(one)).toBe('s1');
    expect(previews.holds(one)).toBe(false);
    expect(previews.use(one)).toBeUndefined();
    expect(previews.use(other)).toBe('s2');
    expect(previews.use('')).toBeUndefined();
  });

  it('is worth nothing past its time', () => {
    const { clock, previews } = setUp();
    const [first, second] = [previews.issue('s1'), previews.issue('s1')];
    clock.nowMs = PREVIEW_BEGINS_MS;
    expect(previews.use(first)).toBe('s1');
    clock.nowMs++;
    expect(previews.holds(second)).toBe(false);
    expect(previews.use(second)).toBeUndefined();
  });

  it('is one of a thousand at most: the oldest are worth nothing then', () => {
    const { previews } = setUp();
    const all = Array.from({ length: 1001 }, () => previews.issue('s1'));
    expect(all.filter((text) => previews.holds(text))).toEqual(all.slice(1));
  });

  it.each([
    ['', undefined, ''],
    ['key=1', undefined, ''],
    ['xpv=1', undefined, ''],
    ['pv=abc', 'abc', 'pv=abc'],
    ['key=secret&pv=abc', 'abc', 'pv=abc'],
    ['pv=a&pv=b', '', 'pv='],
  ])('is found in the query %j, and nothing else of it', (query, text, alone) => {
    expect(previewIn(query)).toBe(text);
    expect(previewQuery(query)).toBe(alone);
  });
});
