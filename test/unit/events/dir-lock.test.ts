import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockDir } from '../../../src/events/journal/dir-lock.js';
import { tempDir } from '../../support/temp.js';

describe('the lock of a data folder', () => {
  it('lets one holder in, refuses a second with its process id, and is free after release', async () => {
    const dir = join(tempDir('lock'), 'data');
    const lock = await lockDir(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, 'lock')).mode & 0o777).toBe(0o600);
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
    writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: child.pid, started: '1' }));
    const lock = await lockDir(dir);
    expect(JSON.parse(readFileSync(join(dir, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    await lock.release();
  });

  it('takes over the lock of a namesake: the same process id with another start time, and one that is garbage', async () => {
    const dir = tempDir('lock');
    for (const text of [JSON.stringify({ pid: process.pid, started: '1' }), 'garbage', '']) {
      writeFileSync(join(dir, 'lock'), text);
      const lock = await lockDir(dir);
      await lock.release();
    }
    await expect((await lockDir(dir)).release()).resolves.toBeUndefined();
  });

  it('lets exactly one of many in who all find the same stale lock', async () => {
    const dir = tempDir('lock');
    writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: 999_999_999, started: '1' }));
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => lockDir(dir)));
    expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
  });
});
