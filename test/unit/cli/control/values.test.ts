import { describe, expect, it } from 'vitest';
import { durationOf, given, valuesOf } from '../../../../src/cli/control/values.js';

describe('values of the command line', () => {
  it('are durations with a unit, or seconds', () => {
    expect([durationOf('--for', '10m'), durationOf('--for', '5'), durationOf('--for', undefined)]).toEqual([
      ...[600_000, 5000, undefined],
    ]);
    expect(() => durationOf('--for', 'long')).toThrow('--for long');
  });

  it('are JSON, and everything that is none is a text', () => {
    expect(valuesOf(['1', '{"a":[true,null]}', 'hello', '"5"', '{'])).toEqual([
      1,
      { a: [true, null] },
      'hello',
      '5',
      '{',
    ]);
  });

  it('are left out when they were not given', () => {
    expect(given({ a: 1, b: undefined, c: null, d: '' })).toEqual({ a: 1, c: null, d: '' });
  });
});
