import { describe, expect, it } from 'vitest';
import { NameRule, type NameRuleOptions } from '../../../src/core/names.js';

const DEFAULTS: NameRuleOptions = { allow: '[A-Za-z0-9_.~=+@/-]+', maxBytes: 128, allowEmpty: false };

function problem(name: string, app = 'live', options: Partial<NameRuleOptions> = {}): string | undefined {
  return new NameRule({ ...DEFAULTS, ...options }).problem({ app, name });
}

describe('names of streams', () => {
  it.each([
    ['my cam', 'a space (U+0020)'],
    ['my%20cam', 'the character "%" (U+0025)'],
    ['cam&key=secret', 'the character "&" (U+0026)'],
    ['kamera-tür', 'the character "ü" (U+00FC)'],
    ['カメラ', 'the character "カ" (U+30AB)'],
    ['cam😀', 'the character "😀" (U+1F600)'],
    ['cam\n', 'the character U+000A'],
    ['cam\u202e', 'the character U+202E'],
    ['cam\ud800', 'the character U+D800'],
  ])('%j is refused with the character that is not let in, and the setting that would let it in', (name, character) => {
    expect(problem(name)).toBe(
      `the stream name cannot be used: it has ${character}, which the setting names.allow does not let in`,
    );
    expect(problem('cam', name)).toMatch(/^the app cannot be used: it has .* names\.allow /);
  });

  it('of which one is refused are told by one character at most, so that a key typed in its place is not told', () => {
    expect(problem('cam key=topsecret')).not.toMatch(/cam|key|secret/);
  });

  it('that only the pattern as a whole refuses are told so', () => {
    expect(problem('ab', 'live', { allow: '[a-z]{1}|live' })).toBe(
      'the stream name cannot be used: it does not match the setting names.allow',
    );
  });

  it('of every script can be let in, as letters or one by one', () => {
    expect(problem('kamera-tür', 'カメラ', { allow: '[\\p{L}\\p{N}_.~=+@/-]+' })).toBeUndefined();
    expect(problem('ü', 'live', { allow: '[a-zü]+' })).toBeUndefined();
    // No pattern by code points: \- is no escape there.
    expect(problem('a-b', 'live', { allow: '[a-z]+\\-[a-z]+|live' })).toBeUndefined();
  });

  it('are as long as the setting says, in bytes, and not longer', () => {
    expect(problem('a'.repeat(128), 'b'.repeat(128))).toBeUndefined();
    expect(problem('a'.repeat(129))).toContain('it is 129 bytes long, 128 are allowed (names.maxBytes)');
    expect(problem('ä'.repeat(65), 'live', { allow: '\\p{L}+' })).toContain('it is 130 bytes long');
  });

  it.each(['..', 'a/../b', 'a//b', '/a', './a'])(
    '%s is refused for its segments, whatever names.allow says',
    (name) => {
      expect(problem(name, 'live', { allow: '.*' })).toContain('an empty, "." or ".." segment');
    },
  );

  it('may be missing only where names.allowEmpty says so; an app may always', () => {
    expect(problem('')).toContain('names.allowEmpty');
    expect(problem('', '')).toContain('names.allowEmpty');
    expect(problem('', 'live', { allowEmpty: true })).toBeUndefined();
    expect(problem('cam', '')).toBeUndefined();
  });

  it('follow other rules once those were changed', () => {
    const rule = new NameRule({ ...DEFAULTS });
    rule.change({ allow: '[a-z]+', maxBytes: 4, allowEmpty: true });
    const of = (name: string) => rule.problem({ app: 'live', name });
    expect([of('abcd'), of('')]).toEqual([undefined, undefined]);
    expect(of('abcde')).toContain('4 are allowed');
    expect(of('A')).toContain('names.allow');
  });
});
