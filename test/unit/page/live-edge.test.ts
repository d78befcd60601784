import { describe, expect, it } from 'vitest';
import { jumpTo } from '../../../src/page/live-edge.js';

describe('a preview', () => {
  it('that is more than five seconds behind goes on a second before the end of what has come', () => {
    expect(jumpTo(10, 15.5)).toBe(14.5);
    expect(jumpTo(0, 3600)).toBe(3599);
  });

  it('stays where it is when it is near enough, or ahead', () => {
    expect([jumpTo(10, 15), jumpTo(10, 10.2), jumpTo(10, 9)]).toEqual([undefined, undefined, undefined]);
  });
});
