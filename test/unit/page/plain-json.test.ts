import { describe, expect, it } from 'vitest';
import { plainJson } from '../../../src/page/plain-json.js';

describe('JSON of the server', () => {
  it('has characters that turn text round written out, wherever they stand', () => {
    const told = { name: 'a\u202egnp.exe\u202c', tracks: ['\u2066x\u2069', '\u061c\u200e\u200f'] };
    expect(plainJson(JSON.stringify(told))).toEqual({
      name: 'a\\u202egnp.exe\\u202c',
      tracks: ['\\u2066x\\u2069', '\\u061c\\u200e\\u200f'],
    });
  });

  it('is otherwise as it is, also in scripts that are written from right to left', () => {
    const told = { name: 'كاميرا שלום', quote: '"\\u202e', more: [1, null, true, '\u0001\n'] };
    expect(plainJson(JSON.stringify(told))).toEqual(told);
    expect(() => plainJson('<h1>')).toThrow(SyntaxError);
  });
});
