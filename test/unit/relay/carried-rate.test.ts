import { describe, expect, it } from 'vitest';
import { CarriedRate } from '../../../src/relay/carried-rate.js';

describe('CarriedRate', () => {
  it('is that of the last whole window, and does not count what was carried before', () => {
    const rate = new CarriedRate();
    rate.begin(1_000_000, 500);
    rate.look(1_100_000, 1500);
    expect(rate.kbps).toBe(0);
    rate.look(1_250_000, 2500);
    expect(rate.kbps).toBe(1000);
    rate.look(1_250_000, 4500);
    expect(rate.kbps).toBe(0);
  });

  it('is 0 again with the next connection, and never below', () => {
    const rate = new CarriedRate();
    rate.begin(0, 0);
    rate.look(250_000, 2000);
    expect(rate.kbps).toBe(1000);
    rate.begin(250_000, 10_000);
    expect(rate.kbps).toBe(0);
    rate.look(0, 12_000);
    expect(rate.kbps).toBe(0);
  });
});
