import { describe, expect, it } from 'vitest';
import { hashPassword, ScryptKeys } from '../../../src/admission/scrypt-keys.js';
import { HandClock } from '../../support/admission/chain-harness.js';

describe('hashes of passwords', () => {
  it('fit their password only, and are remembered for a minute', async () => {
    const clock = new HandClock();
    const keys = new ScryptKeys(clock);
    const stored = await hashPassword('correct horse');
    expect(stored).toMatch(/^scrypt:[\w-]{22}:[\w-]{43}$/);
    expect(await keys.matches('correct horse', stored)).toBe(true);
    expect(await keys.matches('wrong horse', stored)).toBe(false);
    expect(keys.matches('correct horse', stored)).toBe(true);
    expect(keys.matches('wrong horse', stored)).toBe(false);
    clock.ms += 60_000;
    expect(keys.matches('correct horse', stored)).toBeInstanceOf(Promise);
  });

  it('are computed once for those who ask at the same time, and not past the bound of those who wait', async () => {
    const keys = new ScryptKeys(new HandClock());
    const stored = await hashPassword('x');
    const same = [keys.matches('y', stored), keys.matches('y', stored)];
    expect(same[0]).toBe(same[1]);
    const all = Array.from({ length: 120 }, (_, i) => keys.matches(`guess ${i}`, stored));
    expect(all.filter((one) => one === undefined).length).toBe(19);
    expect(await Promise.all(all)).not.toContain(true);
    expect(await keys.matches('x', stored)).toBe(true);
  }, 60_000);
});
