import { mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockDir } from '../../../../src/events/journal/dir-lock.js';
import { tempDir } from '../../../support/temp.js';

/** Files of the lock that lie in a folder. */
function lockFiles(dir: string): string[] {
  return readdirSync(dir).filter((name) => name.startsWith('lock'));
}

describe('the lock of a data folder', () => {
  it('lets one holder in, tells a second that it is in the same process, and is free after release', async () => {
    const dir = join(tempDir('lock'), 'data');
    const lock = await lockDir(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    await expect(lockDir(dir)).rejects.toMatchObject({
      code: 'ERR_EVENTS_JOURNAL_LOCKED',
      message: expect.stringContaining('another server in this very process'),
      details: { pid: process.pid, dir },
    });
    await lock.release();
    const again = await lockDir(dir);
    await again.release();
  });

  it('leaves one file, for its owner only, however often it changes hands', async () => {
    const dir = tempDir('lock');
    for (let i = 0; i < 5; i++) await (await lockDir(dir)).release();
    const lock = await lockDir(dir);
    expect(lockFiles(dir)).toEqual(['lock.6']);
    expect(statSync(join(dir, 'lock.6')).mode & 0o777).toBe(0o600);
    await lock.release();
  });

  it('counts left-over files of any kind for nothing', async () => {
    const dir = tempDir('lock');
    writeFileSync(join(dir, 'lock.3'), 'no socket');
    writeFileSync(join(dir, 'lock.unfinished'), '');
    symlinkSync('1.1', join(dir, 'lock'));
    const lock = await lockDir(dir);
    expect(lockFiles(dir).sort()).toEqual(['lock', 'lock.4']);
    await lock.release();
  });

  it('lets exactly one of many in who try at the same time, over and over', async () => {
    const dir = tempDir('lock');
    for (let round = 0; round < 10; round++) {
      const results = await Promise.allSettled(Array.from({ length: 10 }, () => lockDir(dir)));
      const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(won).toHaveLength(1);
      await won[0]!.release();
    }
  });

  it('holds where the path is longer than the address of a socket may be', async () => {
    const dir = join(tempDir('lock'), 'x'.repeat(200), 'y'.repeat(200));
    const lock = await lockDir(dir);
    await expect(lockDir(dir)).rejects.toMatchObject({ code: 'ERR_EVENTS_JOURNAL_LOCKED' });
    await lock.release();
  });

  it('counts as held while somebody listens there who says nothing', async () => {
    const dir = tempDir('lock');
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(join(dir, 'lock.1'), resolve));
    await expect(lockDir(dir)).rejects.toMatchObject({
      code: 'ERR_EVENTS_JOURNAL_LOCKED',
      message: expect.stringContaining('frozen, or too busy'),
    });
    silent.close();
  });

  it('is made anew when its file was removed, and not when somebody else has taken it meanwhile', async () => {
    const dir = tempDir('lock');
    const lock = await lockDir(dir);
    for (const name of lockFiles(dir)) rmSync(join(dir, name));
    await lock.keep();
    await expect(lockDir(dir)).rejects.toMatchObject({ code: 'ERR_EVENTS_JOURNAL_LOCKED' });
    for (const name of lockFiles(dir)) rmSync(join(dir, name));
    const other = await lockDir(dir);
    await expect(lock.keep()).rejects.toMatchObject({ code: 'ERR_EVENTS_JOURNAL_LOCKED' });
    await other.release();
    await lock.release();
  });

  it('is refused in a folder that is a link or can be written by others', async () => {
    const parent = tempDir('lock');
    mkdirSync(join(parent, 'open'));
    symlinkSync(join(parent, 'open'), join(parent, 'link'));
    await expect(lockDir(join(parent, 'link'))).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER_NOT_OURS' });
  });
});
