import { describe, expect, it } from 'vitest';
import { rangeOf } from '../../../src/http/byte-range.js';

describe('a range of bytes', () => {
  it.each([
    ['bytes=0-0', { from: 0, to: 0 }],
    ['bytes=0-99', { from: 0, to: 99 }],
    ['bytes=90-200', { from: 90, to: 99 }],
    ['bytes=40-', { from: 40, to: 99 }],
    ['bytes=-10', { from: 90, to: 99 }],
    ['bytes=-200', { from: 0, to: 99 }],
    [' bytes=1-2 ', { from: 1, to: 2 }],
  ])('of a file of 100 is read from %j', (header, range) => {
    expect(rangeOf(header, 100)).toEqual(range);
  });

  it.each(['bytes=100-', 'bytes=100-200', 'bytes=-0', 'bytes=999999999999999-'])('has no byte in %j', (header) => {
    expect(rangeOf(header, 100)).toBe('none');
  });

  it.each([undefined, '', 'bytes=', 'bytes=-', 'bytes=5-4', 'bytes=0-1,3-4', 'bytes=x-1', 'items=0-1', 'bytes=0--1'])(
    'is none, and the whole file is sent, for %j',
    (header) => {
      expect(rangeOf(header, 100)).toBe('whole');
    },
  );

  it('has nothing of an empty file', () => {
    expect(rangeOf('bytes=0-', 0)).toBe('none');
    expect(rangeOf('bytes=-5', 0)).toBe('none');
  });
});
