import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openInstallation } from '../../../src/server/installation.js';
import { createServer } from '../../../src/server.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-installation-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the data folder', () => {
  it('is made with those above it, for this user only, and keeps the node id and the salt', async () => {
    const path = join(folder, 'a', 'b');
    const first = await openInstallation(path, '');
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o700);
    expect(await openInstallation(path, '')).toEqual(first);
    expect(await openInstallation(path, 'mine')).toEqual({ nodeId: 'mine', salt: first.salt });
  });

  it('is refused when a file stands there or on the way', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(openInstallation(file, '')).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER' });
    await expect(openInstallation(join(file, 'below'), '')).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER' });
  });

  it('is refused where the system says that a folder is missing although the one above it is there', async () => {
    await expect(openInstallation('/proc/sluice/data', '')).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER' });
  });

  it.each(['events', join('events', 'journal')])('is refused when %s in it cannot be used', async (inside) => {
    await mkdir(dirname(join(folder, inside)), { recursive: true });
    await writeFile(join(folder, inside), '');
    const start = createServer({ rtmp: { listen: '127.0.0.1:0' }, http: { listen: 'off' }, data: folder });
    await expect(start).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER', message: expect.stringContaining(inside) });
  });
});
