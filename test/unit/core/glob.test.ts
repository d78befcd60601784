import { expect, it } from 'vitest';
import { globMatcher } from '../../../src/core/glob.js';
import { seeded } from '../../support/random.js';

it.each([
  ['cam*', ['cam', 'cam1'], ['cam/1', 'xcam']],
  ['live/**', ['live/', 'live/a/b'], ['live', 'xlive/a']],
  ['cam?', ['cam1', 'camä', 'cam😀'], ['cam', 'cam12', 'cam/']],
  ['a.b+(c)[d]^$|{e}\\', ['a.b+(c)[d]^$|{e}\\'], ['axb+(c)[d]^$|{e}\\']],
  ['cam1', ['cam1'], ['cam', 'cam12', 'Cam1']],
  ['', [''], ['a']],
  ['*-*-*', ['a-b-c', '--', 'a-b-c-d'], ['a-b', 'a-b-c/d', '']],
  ['*/**/a*b?c*', ['x/y/z/ab-c', '//abxcd'], ['x/ab-c', 'x/y/ab/c', 'x/y/abc']],
])('the glob %s fits as a whole text', (glob, fits, misses) => {
  const isMatch = globMatcher(glob);
  expect(fits.filter((text) => !isMatch(text))).toEqual([]);
  expect(misses.filter((text) => isMatch(text))).toEqual([]);
});

it('fits the same texts whether it has few wildcards or many', () => {
  const random = seeded(7);
  const some = (letters: string, most: number) =>
    Array.from(
      { length: Math.floor(random() * (most + 1)) },
      () => letters[Math.floor(random() * letters.length)],
    ).join('');
  let fitting = 0;
  for (let n = 0; n < 3000; n++) {
    const glob = some('ab/*?*', 8);
    const text = some('ab/', 6);
    const source = glob.replace(/\*{2,}|[*?]/g, (part) => ({ '*': '[^/]*', '?': '[^/]' })[part] ?? '.*');
    const isFitting = new RegExp(`^${source}$`, 'su').test(text);
    expect([glob, text, globMatcher(glob)(text)]).toEqual([glob, text, isFitting]);
    if (isFitting) fitting++;
  }
  expect(fitting).toBeGreaterThan(100);
});

it('takes no more than a moment for a text that nearly fits in many ways', () => {
  // A regular expression would not come to an end here: it would look at 10^27 ways.
  expect(globMatcher(`${'*-'.repeat(16)}*`)(`${'-'.repeat(511)}/`)).toBe(false);
  expect(globMatcher(`${'**a'.repeat(100)}b`)('a'.repeat(512))).toBe(false);
});
