import { describe, expect, it } from 'vitest';
import { hrefOf, routeOf } from '../../../src/page/route.js';

describe('an address of the page', () => {
  it('has its parts behind the hash', () => {
    expect(routeOf('#/streams/01J')).toEqual(['streams', '01J']);
    expect(routeOf('')).toEqual([]);
  });

  it('carries any name there and back', () => {
    const name = '<b>%2f/ü ?#';
    expect(routeOf(hrefOf('recordings', name))).toEqual(['recordings', name]);
  });

  it('is taken as it is where it is no good encoding', () => {
    expect(routeOf('#/a%zz')).toEqual(['a%zz']);
  });
});
