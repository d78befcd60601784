import { expect, it } from 'vitest';
import { ExpiringMap } from '../../../src/core/expiring-map.js';

it('an expiring map forgets entries when their time is over, and the oldest when there are too many', () => {
  const map = new ExpiringMap<number>(2);
  map.set('a', 1, 100);
  map.set('b', 2, 100);
  expect([map.get('a', 99), map.get('a', 100), map.get('b', 99)]).toEqual([1, undefined, 2]);
  map.set('c', 3, 100);
  map.set('b', 4, 200);
  map.set('d', 5, 100);
  expect([map.get('b', 0), map.get('c', 0), map.get('d', 0), map.size]).toEqual([4, undefined, 5, 2]);
  map.clear();
  expect(map.size).toBe(0);
});
