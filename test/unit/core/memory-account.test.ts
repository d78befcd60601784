import { describe, expect, it } from 'vitest';
import { MEMORY_KINDS, MemoryAccount, RELIEF_ORDER, type ReliefStep } from '../../../src/core/memory-account.js';

describe('the account of memory', () => {
  it('adds up all sources, and lists each kind once in the order of the table', () => {
    const account = new MemoryAccount(1000);
    account.register('reassembly', () => 5);
    account.register('log', () => 100);
    account.register('log', () => 20);
    expect(account.total).toBe(125);
    expect(account.list()).toEqual([
      { kind: 'log', bytes: 120 },
      { kind: 'reassembly', bytes: 5 },
    ]);
  });

  it.each([
    [999, false],
    [1000, false],
    [1001, true],
  ])('holds %i bytes against a limit of 1000: over is %s', (held, over) => {
    const account = new MemoryAccount(1000);
    account.register('log', () => held - 1);
    account.register('headers', () => 1);
    expect([account.isOver, account.overBytes]).toEqual([over, held - 1000]);
  });

  it('refuses nothing for memory that is on its way to being free, and still shows it', () => {
    const account = new MemoryAccount(1000);
    account.register('linear_dropped', () => 5000);
    account.register('log', () => 1000);
    expect([account.total, account.isOver]).toEqual([6000, false]);
  });

  it('is without a bound when none is given', () => {
    const account = new MemoryAccount();
    account.register('log', () => 2 ** 50);
    expect(account.isOver).toBe(false);
  });

  it('describes every kind', () => {
    for (const what of Object.values(MEMORY_KINDS)) expect(what.length).toBeGreaterThan(10);
  });
});

describe('what gives way', () => {
  /**
   * An account in which each step holds `each` bytes of its own. @returns the steps in the order in which they were
   * asked
   */
  function relieved(limit: number, each: number): { asked: ReliefStep[]; total: number } {
    const account = new MemoryAccount(limit);
    const asked: ReliefStep[] = [];
    // Registered last to first: the order is the table's, not that of the registrations.
    for (const step of [...RELIEF_ORDER].reverse()) {
      let held = each;
      account.register('log', () => held);
      account.onRelief(step, () => {
        asked.push(step);
        const freed = held;
        held = 0;
        return freed;
      });
    }
    account.relieve();
    return { asked, total: account.total };
  }

  it('is nothing while the sum is at the limit', () => {
    expect(relieved(RELIEF_ORDER.length * 10, 10).asked).toEqual([]);
  });

  it('is taken in the written order, and no further than needed', () => {
    for (let steps = 1; steps <= RELIEF_ORDER.length; steps++) {
      const { asked, total } = relieved((RELIEF_ORDER.length - steps) * 10 + 5, 10);
      expect(asked).toEqual(RELIEF_ORDER.slice(0, steps));
      expect(total).toBe((RELIEF_ORDER.length - steps) * 10);
    }
  });

  it('is asked for what is still over after the steps before it', () => {
    const account = new MemoryAccount(100);
    const over: number[] = [];
    account.register('log', () => 400);
    account.onRelief('free_memory', (bytes) => over.push(bytes) && 50);
    account.onRelief('players_behind', (bytes) => over.push(bytes) && 0);
    account.onRelief('players_behind', (bytes) => over.push(bytes) && 250);
    account.onRelief('players_unsent', (bytes) => over.push(bytes) && 1);
    account.relieve();
    expect(over).toEqual([300, 250, 250]);
  });
});
