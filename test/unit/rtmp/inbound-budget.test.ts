import { describe, expect, it } from 'vitest';
import { InboundBudget } from '../../../src/rtmp/inbound-budget.js';

describe('the inbound budget', () => {
  const limits = { preAuthBytes: 1000, inboundBytesPerSecond: 100 };

  it('of a connection that does nothing is a sum: spent at the limit, passed one byte later', () => {
    const budget = new InboundBudget(limits);
    expect(budget.spend(999, false, 0)).toBeUndefined();
    expect(budget.spend(1, false, 10 ** 6)).toBeUndefined();
    expect(budget.spend(1, false, 10 ** 7)).toBe('ERR_LIMIT_PREAUTH_BYTES');
  });

  it('of a player is a rate over ten seconds: spent at the limit, passed one byte later, fresh in the next window', () => {
    const budget = new InboundBudget(limits);
    expect(budget.spend(999, true, 1)).toBeUndefined();
    expect(budget.spend(1, true, 9000)).toBeUndefined();
    expect(budget.spend(1000, true, 20_001)).toBeUndefined();
    expect(budget.spend(1, true, 20_002)).toBe('ERR_LIMIT_INBOUND_RATE');
  });

  it('of acknowledgements for six hours of media is never passed', () => {
    const budget = new InboundBudget({ preAuthBytes: 65_536, inboundBytesPerSecond: 65_536 });
    let code: unknown;
    for (let second = 0; second < 6 * 3600; second++) code ??= budget.spend(16, true, second * 1000);
    expect(code).toBeUndefined();
  });

  it('begins anew with a publish', () => {
    const budget = new InboundBudget(limits);
    expect(budget.spend(limits.preAuthBytes, false, 0)).toBeUndefined();
    budget.settle();
    expect(budget.spend(limits.preAuthBytes, false, 0)).toBeUndefined();
    expect(budget.spend(1, false, 0)).toBe('ERR_LIMIT_PREAUTH_BYTES');
  });

  it('begins anew once a player has stopped', () => {
    const budget = new InboundBudget(limits);
    expect(budget.spend(1000, false, 0)).toBeUndefined();
    expect(budget.spend(10, true, 1)).toBeUndefined();
    expect(budget.spend(1000, false, 2)).toBeUndefined();
    expect(budget.spend(1, false, 3)).toBe('ERR_LIMIT_PREAUTH_BYTES');
  });
});
