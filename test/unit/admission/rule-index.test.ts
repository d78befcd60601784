import { expect, it } from 'vitest';
import { RuleIndex } from '../../../src/admission/rule-index.js';
import { globMatcher } from '../../../src/core/glob.js';

const APPS = [undefined, 'live', 'live/a', 'l*', '*', '**', '', 'other'];
const NAMES = [undefined, 'cam1', 'cam*', 'c?m', '*', '**', 'cam/**', '', 'a/cam1'];
const PLACES = APPS.flatMap((app) => NAMES.map((name) => ({ app, name })));

/** The places whose globs fit, as a walk through all of them finds them. */
function fitting(app: string, name: string): number[] {
  const fits = (glob: string | undefined, text: string): boolean => glob === undefined || globMatcher(glob)(text);
  return PLACES.flatMap((place, i) => (fits(place.app, app) && fits(place.name, name) ? [i] : []));
}

it('finds every rule that fits, in the order of the list, whatever app and name are', () => {
  const index = new RuleIndex(PLACES);
  for (const app of ['live', 'live/a', 'other', 'x', '']) {
    for (const name of ['cam1', 'cam2', 'cxm', 'cam/1', 'a/cam1', '', 'y']) {
      const found = index.candidates(app, name);
      expect(found).toEqual([...found].sort((a, b) => a - b));
      expect(found).toEqual(expect.arrayContaining(fitting(app, name)));
    }
  }
});

it('leaves the rules of others out, so that a long list costs no more than a short one', () => {
  const others = Array.from({ length: 10_000 }, (_, i) => ({ app: 'live', name: `customer${i}-*` }));
  expect(new RuleIndex(others).candidates('live', 'customer777-cam')).toEqual([777]);
  expect(new RuleIndex(others).candidates('other', 'customer777-cam')).toEqual([]);
});
