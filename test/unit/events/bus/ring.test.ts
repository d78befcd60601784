import { describe, expect, it } from 'vitest';
import { Ring, WATCHED } from '../../../../src/events/bus/ring.js';
import { seeded } from '../../../support/random.js';

function ringOf(keys: readonly string[]): Ring {
  const ring = new Ring();
  for (const key of keys) ring.add(key);
  return ring;
}

/** How many of the keys watch each of them. */
function watchersOf(keys: readonly string[]): number[] {
  // Everybody has heard of the others in another order.
  const watched = keys.flatMap((own, i) =>
    ringOf([...keys.slice(i), ...keys.slice(0, i)])
      .after(own)
      .slice(0, WATCHED),
  );
  return keys.map((key) => watched.filter((one) => one === key).length);
}

describe('the ring of nodes', () => {
  it.each([
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 3],
    [5, 3],
    [60, 3],
  ])('of %i nodes has each watched by %i others', (size, watchers) => {
    const keys = Array.from({ length: size }, (_, i) => `node${i}.boot`);
    expect(watchersOf(keys)).toEqual(keys.map(() => watchers));
  });

  it('has each watched by three whoever joins and leaves', () => {
    const random = seeded(12);
    const keys = new Set<string>();
    for (let step = 0; step < 200; step++) {
      if (keys.size < 4 || random() < 0.6) keys.add(`node${Math.floor(random() * 1e9)}.boot`);
      else keys.delete([...keys][Math.floor(random() * keys.size)]!);
      const each = Math.min(WATCHED, keys.size - 1);
      expect(watchersOf([...keys])).toEqual([...keys].map(() => each));
    }
  });

  it('has an order in which one that joins is behind one place, and none that stays moves', () => {
    const keys = Array.from({ length: 10 }, (_, i) => `node${i}.boot`);
    const before = ringOf(keys).after(keys[0]!);
    const after = ringOf([...keys, 'new.boot']).after(keys[0]!);
    expect(after.filter((key) => key !== 'new.boot')).toEqual(before);
  });

  it('begins behind the place of a key that is not in it', () => {
    const keys = ['a.1', 'b.1', 'c.1', 'd.1'];
    const whole = ringOf(keys);
    const without = ringOf(keys.slice(1));
    expect(without.after('a.1')).toEqual(whole.after('a.1'));
  });
});
