import { describe, expect, it } from 'vitest';
import { checkInput } from '../../../src/control/validate.js';
import { describe as describeValue } from '../../../src/core/check-input.js';

function errorsOf(...[verb, input]: Parameters<typeof checkInput>) {
  const checked = checkInput(verb, input);
  return 'errors' in checked ? checked.errors : [];
}

describe('an input', () => {
  it('gets its defaults', () => {
    expect(checkInput('kick', { streamId: 'S1' })).toEqual({ input: { streamId: 'S1', reason: 'by the operator' } });
  });

  it('is told everything that is wrong with it, each with its place', () => {
    expect(
      errorsOf('streams.list', { app: 7, limit: 1001, cursor: '', label: 'x'.repeat(400), 'a/b~c': 1, name: 'a\nb' }),
    ).toEqual([
      { pointer: '/app', expected: 'text', got: '7' },
      { pointer: '/name', expected: expect.stringContaining('matches'), got: 'text of 3 characters' },
      { pointer: '/label', expected: 'at most 321 characters', got: 'text of 400 characters' },
      { pointer: '/limit', expected: 'at most 1000', got: '1001' },
      { pointer: '/cursor', expected: expect.stringContaining('matches'), got: 'text of 0 characters' },
      { pointer: '/a~1b~0c', expected: 'no such member', got: '1' },
    ]);
    expect(errorsOf('log.level', {})).toEqual([
      { pointer: '/level', expected: 'one of debug, info, warn, error, silent', got: 'nothing' },
    ]);
    expect(errorsOf('limit', { streamId: 'S1', limits: { kbps: 0, codecs: 'avc1' } })).toEqual([
      { pointer: '/limits/kbps', expected: 'at least 1', got: '0' },
      { pointer: '/limits/codecs', expected: 'a list', got: 'text of 4 characters' },
    ]);
    expect(errorsOf('label', { streamId: 'S1', labels: { BAD: 'x', ok: 3 } })).toMatchObject([
      { pointer: '/labels/BAD' },
      { pointer: '/labels/ok', got: '3' },
    ]);
  });

  it.each([[null], [7], ['text'], [[]], [true]])('that is %j is refused as a whole', (input) => {
    expect(errorsOf('info', input)).toMatchObject([{ pointer: '', expected: 'an object' }]);
  });

  it('never has its text told: it may be a secret', () => {
    const errors = errorsOf('auth.test', { action: 'canary', app: 'a\ncanary', query: { canary: 1 } });
    expect(errors).toHaveLength(3);
    expect(JSON.stringify(errors)).not.toContain('canary');
  });

  it('with a million members, or as deep, is refused before any is looked at', () => {
    const wide = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, n) => [`k${n}`, n]));
    let deep: unknown = 1;
    for (let n = 0; n < 10_000; n++) deep = [deep];
    for (const input of [wide, { list: Array.from({ length: 1_000_000 }, () => 0) }, { deep }]) {
      expect(errorsOf('config.set', { patch: input })).toEqual([
        { pointer: '', expected: 'at most 2048 values, 32 levels deep', got: 'more' },
      ]);
    }
  });

  it('with no numbers in its numbers is refused', () => {
    for (const limit of [Number.NaN, Number.POSITIVE_INFINITY, 1.5, '7']) {
      expect(errorsOf('streams.list', { limit })).toMatchObject([{ pointer: '/limit' }]);
    }
  });

  it('has at most a hundred errors told', () => {
    const input = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, n]));
    expect(errorsOf('send', { streamId: 'S', handler: 'h', ...input })).toHaveLength(100);
  });

  it.each([
    [98, true],
    [99, false],
  ])('of few things with %i labels: %s', (count, fits) => {
    const labels = Object.fromEntries(Array.from({ length: count - 1 }, (_, n) => [`k${n}`, null]));
    expect('input' in checkInput('label', { streamId: 'S', labels })).toBe(fits);
  });
});

describe('a value', () => {
  it('is described without its text', () => {
    expect([undefined, null, 7, false, 'abc', [1, 2], { a: 1 }].map(describeValue)).toEqual([
      ...['nothing', 'null', '7', 'false', 'text of 3 characters', 'a list of 2', 'an object'],
    ]);
  });
});
