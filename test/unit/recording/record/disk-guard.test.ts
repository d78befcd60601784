import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../../src/core/log.js';
import { DiskGuard } from '../../../../src/recording/record/disk-guard.js';

const BOUNDS = { quotaBytes: 1000, minFreeBytes: 0 };

/** A guard of a folder with these files, by name. */
function guardOf(files: Map<string, number>): DiskGuard {
  const store = {
    list: async () => [...files.keys()].map((name) => ({ name, kind: 'file' as const })),
    size: async (path: string) => files.get(path) ?? 0,
    freeBytes: async () => 0,
  };
  return new DiskGuard(store, createLogger({ level: 'silent' }));
}

describe('the quota of recordings', () => {
  it('counts a file once that was counted while it was recorded', async () => {
    const guard = guardOf(new Map([['a.flv.part', 600]]));
    await guard.look(BOUNDS, 0);
    guard.added('a.flv', 700, 0);
    expect(guard.refusal(BOUNDS)).toBeUndefined();
    guard.added('b.flv', 299, 0);
    expect(guard.refusal(BOUNDS)).toBeUndefined();
    guard.added('c.flv', 501, 500);
    expect(guard.refusal(BOUNDS)).toBe('quota');
  });

  it('counts anew after a minute', async () => {
    const files = new Map([['a.flv', 1000]]);
    const guard = guardOf(files);
    await guard.look(BOUNDS, 0);
    expect(guard.refusal(BOUNDS)).toBe('quota');
    files.delete('a.flv');
    await guard.look(BOUNDS, 59_999);
    expect(guard.refusal(BOUNDS)).toBe('quota');
    await guard.look(BOUNDS, 61_000);
    expect(guard.refusal(BOUNDS)).toBeUndefined();
  });
});
