import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Backlog } from '../../../src/webhooks/backlog.js';
import { CursorFile } from '../../../src/webhooks/cursor-file.js';
import { CursorWriter } from '../../../src/webhooks/cursor-writer.js';
import { RecordingLog } from '../../support/events-parts.js';
import { tempDir } from '../../support/temp.js';
import { waitFor } from '../../support/wait.js';

function setUp(folder = tempDir('cursor')) {
  const backlog = new Backlog({ read: 0, open: [] });
  const file = new CursorFile(folder, 'a');
  const log = new RecordingLog();
  return { backlog, file, log, writer: new CursorWriter(file, backlog, log) };
}

it('writes what has changed soon after, and nothing when nothing has', async () => {
  const { backlog, file, writer } = setUp();
  await writer.now();
  expect(await file.read()).toEqual({ read: 0, open: [] });
  backlog.looksAt(1);
  writer.touch();
  await waitFor(async () => (await file.read())?.read === 1);
});

it('writes nothing while work runs that has to be done first, and all of it then', async () => {
  const { backlog, file, writer } = setUp();
  await writer.now();
  await writer.after(async () => {
    backlog.looksAt(1);
    await writer.now();
    expect((await file.read())?.read).toBe(0);
  });
  expect((await file.read())?.read).toBe(1);
  backlog.looksAt(2);
  await expect(writer.after(() => Promise.reject(new Error('the disk')))).rejects.toThrow('the disk');
  expect((await file.read())?.read).toBe(2);
});

it('says once that the disk does not take it, and writes when it does', async () => {
  const folder = join(tempDir('cursor'), 'later');
  const { backlog, file, log, writer } = setUp(folder);
  await writer.now();
  backlog.looksAt(1);
  await writer.now();
  expect(log.lines).toMatchObject([
    { level: 'error', message: expect.stringContaining('cannot be written') as string },
  ]);
  mkdirSync(folder);
  await writer.now();
  expect((await file.read())?.read).toBe(1);
});
