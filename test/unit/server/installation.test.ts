import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openInstallation, secretFor } from '../../../src/server/installation.js';
import { createServer } from '../../../src/server/server.js';

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

  it.each(['{"nodeId":', '{}', 'null', '{"nodeId":"a","salt":"00"}'])(
    'says what to do with a damaged installation.json: %s',
    async (text) => {
      await writeFile(join(folder, 'installation.json'), text, { mode: 0o600 });
      await expect(openInstallation(folder, '')).rejects.toMatchObject({
        code: 'ERR_INSTALLATION_DAMAGED',
        message: expect.stringContaining('remove it'),
      });
    },
  );
});

describe('a secret of an installation', () => {
  it('is the same at each start, another for each purpose and installation, and not the salt', () => {
    const [salt, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const secret = secretFor('job tickets', { salt });
    expect(secret).toHaveLength(32);
    expect(secretFor('job tickets', { salt: Buffer.from(salt) })).toEqual(secret);
    for (const another of [salt, secretFor('another purpose', { salt }), secretFor('job tickets', { salt: other })])
      expect(another).not.toEqual(secret);
  });
});

describe('what lies in the data folder', () => {
  const start = () => createServer({ rtmp: { listen: '127.0.0.1:0' }, http: { listen: 'off' }, data: folder });
  const FILES = [
    'installation.json',
    join('events', 'life.0'),
    join('events', 'life.1'),
    join('events', 'quarantine.jsonl'),
    join('events', 'journal', 'reserve'),
    join('events', 'journal', '0000000000000001.journal'),
  ];

  it.each(FILES)(
    'keeps the server from starting when %s is a link, and what it points to stays as it is',
    async (name) => {
      const target = join(folder, 'theirs');
      await writeFile(target, 'theirs');
      await mkdir(join(folder, dirname(name)), { recursive: true });
      await symlink(target, join(folder, name));
      await expect(start()).rejects.toMatchObject({
        code: 'ERR_DATA_FOLDER_NOT_OURS',
        message: expect.stringContaining(`${name} is a symbolic link`),
      });
      expect((await stat(target)).size).toBe(6);
    },
  );

  it.each(['events', join('events', 'journal')])(
    'keeps the server from starting when the folder %s is a link',
    async (name) => {
      await mkdir(join(folder, 'theirs'));
      await mkdir(join(folder, dirname(name)), { recursive: true });
      await symlink(join(folder, 'theirs'), join(folder, name));
      await expect(start()).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER_NOT_OURS' });
    },
  );

  it.each(['', 'events', join('events', 'journal')])(
    'keeps the server from starting when others can write into the folder "%s"',
    async (name) => {
      await mkdir(join(folder, name), { recursive: true });
      await chmod(join(folder, name), 0o777);
      await expect(start()).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER_NOT_OURS' });
    },
  );
});
