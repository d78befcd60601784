import { mkdirSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../../src/core/clock.js';
import { FolderWatch } from '../../../../src/events/journal/folder-watch.js';
import { Journal } from '../../../../src/events/journal/journal.js';
import { journalOptions } from '../../../../src/events/journal/options.js';
import { FileStorage, segmentName } from '../../../../src/events/journal/storage.js';
import { RecordingLog, someEvent } from '../../../support/events-parts.js';
import { tempDir } from '../../../support/temp.js';
import { waitFor } from '../../../support/wait.js';

const nobody = { event: () => undefined, carried: () => undefined, moved: () => undefined, boot: () => undefined };

/** A journal on a folder of the test's own, and the watch over it. */
async function journalIn(dir: string) {
  const storage = new FileStorage(dir);
  const log = new RecordingLog();
  const { journal } = await Journal.open(storage, journalOptions(4 << 20, { bus: false }), nobody, {
    log,
    clock: systemClock,
  });
  const watch = new FolderWatch(
    () => storage.verify(),
    (error) => journal.distrust(error),
  );
  return { storage, journal, watch, log };
}

describe('a journal whose folder', () => {
  it('is gone is not well although nothing is written, refuses starts, and is well again when the folder is back', async () => {
    const dir = join(tempDir('watch'), 'journal');
    const { journal, watch } = await journalIn(dir);
    await watch.look();
    expect(journal.state).toBe('ok');
    renameSync(dir, `${dir}.away`);
    await watch.look();
    expect(journal.stats()).toMatchObject({ state: 'failed', cause: expect.stringContaining('the folder is gone') });
    await expect(journal.appendStart(someEvent('s1', 1))).rejects.toMatchObject({ code: 'ERR_EVENTS_JOURNAL_FAILED' });
    renameSync(`${dir}.away`, dir);
    await waitFor(() => journal.state === 'ok');
    await expect(journal.appendStart(someEvent('s2', 1))).resolves.toBe(1);
    await journal.close();
  });

  it('was removed does not take one more start, also before anybody has looked', async () => {
    const dir = join(tempDir('watch'), 'journal');
    const { journal } = await journalIn(dir);
    rmSync(dir, { recursive: true });
    await expect(journal.appendStart(someEvent('s1', 1))).rejects.toMatchObject({
      code: 'ERR_EVENTS_JOURNAL_FAILED',
      message: expect.stringContaining('the folder is gone'),
    });
    await journal.close();
  });

  it.each([
    ['another folder', (dir: string) => mkdirSync(dir, { mode: 0o700 }), 'the folder is gone'],
    ['nothing', () => undefined, 'the folder is gone'],
  ])('has been replaced by %s stays failed: what is written would not be found', async (_what, replace, words) => {
    const dir = join(tempDir('watch'), 'journal');
    const { journal, watch } = await journalIn(dir);
    renameSync(dir, `${dir}.away`);
    replace(dir);
    await watch.look();
    await watch.look();
    expect(journal.stats()).toMatchObject({ state: 'failed', cause: expect.stringContaining(words) });
    await journal.close();
  });

  it('has lost the file that is written says so', async () => {
    const dir = join(tempDir('watch'), 'journal');
    const { journal, watch } = await journalIn(dir);
    unlinkSync(join(dir, segmentName(1)));
    await watch.look();
    expect(journal.stats()).toMatchObject({ state: 'failed', cause: expect.stringContaining('the open file is gone') });
    await journal.close();
  });

  it('takes no more files says so', async () => {
    const dir = join(tempDir('watch'), 'journal');
    const { journal } = await journalIn(dir);
    const readOnly = new FolderWatch(
      () => Promise.reject(Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' })),
      (error) => journal.distrust(error),
    );
    await readOnly.look();
    expect(journal.stats()).toMatchObject({ state: 'failed', cause: expect.stringContaining('EROFS') });
    await journal.close();
  });

  it('still answers writes but is no longer this process’s alone is not well', async () => {
    const dir = join(tempDir('watch'), 'journal');
    const storage = new FileStorage(dir, () => Promise.reject(new Error('somebody else has the lock')));
    await storage.list();
    await expect(storage.verify()).rejects.toThrow('somebody else has the lock');
  });
});

describe('the watch over a disk that hangs', () => {
  it('says so in time, asks it no second time meanwhile, and goes on when it answers', async () => {
    const answers: (() => void)[] = [];
    const verify = vi.fn(() => new Promise<void>((resolve) => answers.push(resolve)));
    const distrust = vi.fn();
    const watch = new FolderWatch(verify, distrust);
    await watch.look(10);
    await watch.look(10);
    expect(verify).toHaveBeenCalledTimes(1);
    expect(distrust).toHaveBeenCalledTimes(2);
    expect(String(distrust.mock.calls[0]?.[0])).toContain('has not answered for 10 ms');
    answers[0]?.();
    await watch.look(5000);
    const again = watch.look(5000);
    await waitFor(() => answers.length === 2);
    answers[1]?.();
    await again;
    expect(distrust).toHaveBeenCalledTimes(2);
  });
});
