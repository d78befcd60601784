import { describe, expect, it } from 'vitest';
import { SeenIds } from '../../../../src/client/events/seen-ids.js';

describe('the memory of ids', () => {
  it('knows the newest of them and is bounded', () => {
    const seen = new SeenIds(10);
    for (let i = 0; i < 100; i++) seen.add(String(i));
    for (let i = 91; i < 100; i++) expect(seen.has(String(i))).toBe(true);
    expect(seen.has('79')).toBe(false);
  });
});
