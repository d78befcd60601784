import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockDir } from '../../../src/events/journal/dir-lock.js';
import { tempDir } from '../../support/temp.js';

describe('the lock of a data folder', () => {
  it('lets one holder in, refuses a second with its process id, and is free after release', async () => {
    const dir = join(tempDir('lock'), 'data');
    const lock = await lockDir(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    await expect(lockDir(dir)).rejects.toMatchObject({
      code: 'ERR_EVENTS_JOURNAL_LOCKED',
      details: { pid: process.pid },
    });
    await lock.release();
    const again = await lockDir(dir);
    await again.release();
  });

  it('takes over the lock of a process that is gone', async () => {
    const dir = tempDir('lock');
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    symlinkSync(`${child.pid}.1`, join(dir, 'lock'));
    const lock = await lockDir(dir);
    expect(readlinkSync(join(dir, 'lock'))).toMatch(new RegExp(`^${process.pid}\\.`));
    await lock.release();
  });

  it('takes over the lock of a namesake: the same process id with another start time, and one that is garbage', async () => {
    const dir = tempDir('lock');
    for (const text of [`${process.pid}.1`, 'garbage', '0.1']) {
      symlinkSync(text, join(dir, 'lock'));
      const lock = await lockDir(dir);
      await lock.release();
    }
    await expect((await lockDir(dir)).release()).resolves.toBeUndefined();
  });

  it('lets exactly one of many in who all find the same stale lock', async () => {
    const dir = tempDir('lock');
    symlinkSync('999999999.1', join(dir, 'lock'));
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => lockDir(dir)));
    expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
  });
});
