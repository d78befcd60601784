import { expect, it } from 'vitest';
import { globPattern } from '../../../src/admission/glob.js';

it.each([
  ['cam*', ['cam', 'cam1'], ['cam/1', 'xcam']],
  ['live/**', ['live/', 'live/a/b'], ['live', 'xlive/a']],
  ['cam?', ['cam1', 'camä', 'cam😀'], ['cam', 'cam12', 'cam/']],
  ['a.b+(c)[d]^$|{e}\\', ['a.b+(c)[d]^$|{e}\\'], ['axb+(c)[d]^$|{e}\\']],
  ['', [''], ['a']],
])('the glob %s fits as a whole text', (glob, fits, misses) => {
  const pattern = globPattern(glob);
  expect(fits.filter((text) => !pattern.test(text))).toEqual([]);
  expect(misses.filter((text) => pattern.test(text))).toEqual([]);
});
