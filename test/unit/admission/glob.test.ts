import { expect, it } from 'vitest';
import { globMatcher } from '../../../src/admission/glob.js';

it.each([
  ['cam*', ['cam', 'cam1'], ['cam/1', 'xcam']],
  ['live/**', ['live/', 'live/a/b'], ['live', 'xlive/a']],
  ['cam?', ['cam1', 'camä', 'cam😀'], ['cam', 'cam12', 'cam/']],
  ['a.b+(c)[d]^$|{e}\\', ['a.b+(c)[d]^$|{e}\\'], ['axb+(c)[d]^$|{e}\\']],
  ['cam1', ['cam1'], ['cam', 'cam12', 'Cam1']],
  ['', [''], ['a']],
])('the glob %s fits as a whole text', (glob, fits, misses) => {
  const isMatch = globMatcher(glob);
  expect(fits.filter((text) => !isMatch(text))).toEqual([]);
  expect(misses.filter((text) => isMatch(text))).toEqual([]);
});
