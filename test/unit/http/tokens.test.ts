import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { allows, HttpTokens } from '../../../src/http/tokens.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('tokens', () => {
  it('are needed once there is one', () => {
    const tokens = new HttpTokens([], '');
    expect(tokens.areNeeded).toBe(false);
    expect(tokens.find('anything')).toBeUndefined();
    tokens.replace([], 'secret');
    expect(tokens.areNeeded).toBe(true);
  });

  it('are found by themselves, in whatever case their hash is written, and by nothing else', () => {
    const tokens = new HttpTokens(
      [
        { name: 'watch', sha256: sha256('one').toUpperCase(), scopes: ['read'] },
        { name: 'ops', sha256: sha256('two'), scopes: ['read', 'control'] },
      ],
      'three',
    );
    expect(tokens.find('one')).toMatchObject({ name: 'watch', scopes: ['read'] });
    expect(tokens.find('two')).toMatchObject({ name: 'ops' });
    expect(tokens.find('three')).toMatchObject({ name: 'http.token', scopes: ['admin'] });
    for (const wrong of ['', 'four', 'One', sha256('one'), 'x'.repeat(5000)])
      expect(tokens.find(wrong)).toBeUndefined();
    tokens.replace([], 'four');
    expect(tokens.find('two')).toBeUndefined();
    expect(tokens.find('four')).toBeDefined();
  });
});

describe('a scope', () => {
  it('includes those before it', () => {
    const table = (['read', 'control', 'admin'] as const).map((scope) =>
      (['read', 'control', 'admin'] as const).map((wanted) => allows([scope], wanted)),
    );
    expect(table).toEqual([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
    expect(allows([], 'read')).toBe(false);
  });
});
