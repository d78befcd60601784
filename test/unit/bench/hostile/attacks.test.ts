import { describe, expect, it } from 'vitest';
import { ATTACKS, attacksNamed } from '../../../../bench/hostile/attacks.js';

describe('attacks', () => {
  it('have names of their own and say what they do', () => {
    expect(new Set(ATTACKS.map((a) => a.name)).size).toBe(ATTACKS.length);
    for (const { name, says } of ATTACKS) expect([name, says.length > 20]).toEqual([name, true]);
  });

  it('are found by name, all of them without one, and an unknown name lists the known ones', () => {
    expect(attacksNamed([])).toEqual(ATTACKS);
    expect(attacksNamed(['scrapes']).map((a) => a.name)).toEqual(['scrapes']);
    expect(() => attacksNamed(['none'])).toThrow(/fat-headers, /);
  });
});
