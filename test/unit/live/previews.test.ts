import { describe, expect, it } from 'vitest';
import { PREVIEW_BEGINS_MS, Previews, previewIn, previewOf, previewQuery } from '../../../src/live/previews.js';

const [A, B] = ['A'.repeat(32), 'b_-9'.repeat(8)];

function setUp() {
  const clock = { nowMs: 0, wallMs: () => 0, monotonicMs: () => clock.nowMs };
  return { clock, previews: new Previews(clock) };
}

describe('a ticket for a preview', () => {
  it('is for one play of its stream', () => {
    const { previews } = setUp();
    const [one, other] = [previews.issue('s1', 'ops'), previews.issue('s2', 'ops')];
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
    const [first, second] = [previews.issue('s1', 'ops'), previews.issue('s1', 'ops')];
    clock.nowMs = PREVIEW_BEGINS_MS;
    expect(previews.use(first)).toBe('s1');
    clock.nowMs++;
    expect(previews.holds(second)).toBe(false);
    expect(previews.use(second)).toBeUndefined();
  });

  it('is one of a thousand at most: the oldest are worth nothing then', () => {
    const { previews } = setUp();
    const all = Array.from({ length: 1001 }, (_, index) => previews.issue('s1', `ops${index % 20}`));
    expect(all.filter((text) => previews.holds(text))).toEqual(all.slice(1));
  });

  it('is one of a hundred of the same operator: more of them cost no other one its own', () => {
    const { previews } = setUp();
    const other = previews.issue('s1', 'other');
    const all = Array.from({ length: 150 }, () => previews.issue('s1', 'ops'));
    expect(all.filter((text) => previews.holds(text))).toEqual(all.slice(50));
    expect(previews.holds(other)).toBe(true);
  });

  it('is one to clients over HTTP alone: to others the parameter means nothing', () => {
    const query = `key=1&pv=${A}`;
    expect((['http-flv', 'ws-flv'] as const).map((transport) => previewOf({ transport }, query))).toEqual([A, A]);
    const others = ['rtmp', 'rtmps', 'rtmpt'] as const;
    expect(others.map((transport) => previewOf({ transport }, query))).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    ['', undefined, ''],
    ['key=1', undefined, ''],
    [`xpv=${A}`, undefined, ''],
    ['pv=2', undefined, ''],
    [`pv=${A}x`, undefined, ''],
    [`pv=${A}`, A, `pv=${A}`],
    [`key=secret&pv=2&pv=${A}`, A, `pv=${A}`],
    [`pv=${A}&pv=${B}`, '', 'pv='],
  ])('is found in the query %j, and nothing else of it', (query, text, alone) => {
    expect(previewIn(query)).toBe(text);
    expect(previewQuery(query)).toBe(alone);
  });
});
