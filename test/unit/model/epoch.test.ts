import { describe, expect, it } from 'vitest';
import { compareEpochs } from '../../../src/model/epoch.js';

const MARCH = '2026-03-01T00:00:00.000000001Z';
const APRIL = '2026-04-01T00:00:00.000000001Z';

describe('epochs', () => {
  it('are ordered by revision within one registry', () => {
    expect(compareEpochs({ registry: MARCH, revision: 8 }, { registry: MARCH, revision: 9 })).toBeLessThan(0);
    expect(compareEpochs({ registry: MARCH, revision: 9 }, { registry: MARCH, revision: 8 })).toBeGreaterThan(0);
    expect(compareEpochs({ registry: MARCH, revision: 9 }, { registry: MARCH, revision: 9 })).toBe(0);
  });

  it('of a registry that was made later are newer, whatever their revision is', () => {
    expect(compareEpochs({ registry: APRIL, revision: 1 }, { registry: MARCH, revision: 900 })).toBeGreaterThan(0);
    expect(compareEpochs({ registry: MARCH, revision: 900 }, { registry: APRIL, revision: 1 })).toBeLessThan(0);
  });

  it('are told apart by parts of a millisecond', () => {
    const [a, b] = ['2026-03-01T00:00:00.000100001Z', '2026-03-01T00:00:00.000100002Z'];
    expect(compareEpochs({ registry: a, revision: 5 }, { registry: b, revision: 1 })).toBeLessThan(0);
    expect(compareEpochs({ registry: b, revision: 1 }, { registry: a, revision: 5 })).toBeGreaterThan(0);
  });
});
