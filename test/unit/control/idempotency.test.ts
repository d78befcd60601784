import { describe, expect, it } from 'vitest';
import { Idempotency } from '../../../src/control/idempotency.js';

const SIZE = () => 10;

describe('an answer', () => {
  it('is repeated for ten minutes, and then the request acts again', async () => {
    let nowMs = 0;
    let acted = 0;
    const kept = new Idempotency<number>(() => nowMs);
    const ask = () => kept.once('r1', 'f', async () => ++acted, SIZE);
    expect(await ask()).toBe(1);
    nowMs = 599_999;
    expect(await ask()).toBe(1);
    nowMs = 600_000;
    expect(await ask()).toBe(2);
  });

  it('is not given for something else under the same id', () => {
    const kept = new Idempotency<number>(() => 0);
    void kept.once('r1', 'f', async () => 1, SIZE);
    expect(kept.once('r1', 'g', async () => 2, SIZE)).toBeUndefined();
  });

  it('that did nothing, or failed, is not kept', async () => {
    const kept = new Idempotency<number>(() => 0);
    let acted = 0;
    await kept.once(
      'r1',
      'f',
      async () => ++acted,
      () => undefined,
    );
    expect(await kept.once('r1', 'f', async () => ++acted, SIZE)).toBe(2);
    await expect(kept.once('r2', 'f', () => Promise.reject(new Error('no')), SIZE)).rejects.toThrow('no');
    expect(await kept.once('r2', 'f', async () => ++acted, SIZE)).toBe(3);
  });

  it.each([2, 3])('goes when there are more than %i', async (most) => {
    const kept = new Idempotency<number>(() => 0, most);
    for (let n = 0; n < most; n++) await kept.once(`r${n}`, 'f', async () => n, SIZE);
    expect(kept.size).toBe(most);
    await kept.once('one more', 'f', async () => 99, SIZE);
    expect(kept.size).toBe(most);
    expect(await kept.once('r0', 'f', async () => 77, SIZE)).toBe(77);
  });

  it('goes when all of them take more than 8 MiB', async () => {
    const kept = new Idempotency<number>(() => 0);
    for (let n = 0; n < 12; n++)
      await kept.once(
        `r${n}`,
        'f',
        async () => n,
        () => 1 << 20,
      );
    expect(kept.heldBytes).toBeLessThanOrEqual(8 << 20);
    expect(kept.size).toBe(7);
  });
});
