import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isStill, MAKE_NEW, MAKE_OR_WRITE, openOwn, ownFolder, readOwn } from '../../../src/core/own-files.js';
import { tempDir } from '../../support/temp.js';

/** What is refused, with words that name the path and the reason. */
const refused = (...words: string[]) => ({
  code: 'ERR_DATA_FOLDER_NOT_OURS',
  message: expect.stringMatching(new RegExp(words.join('.*'), 's')),
});

/** Makes everything that this user has belong to somebody else. */
function asAnotherUser(): void {
  vi.spyOn(process, 'geteuid').mockReturnValue((process.geteuid?.() ?? 0) + 1);
}

afterEach(() => vi.restoreAllMocks());

describe('a folder of ours', () => {
  it('is made with those above it, for this user only, and is taken again', async () => {
    const path = join(tempDir('own'), 'a', 'b');
    await ownFolder(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    await expect(ownFolder(path)).resolves.toBeUndefined();
  });

  it.each([0o720, 0o702, 0o777, 0o1777])('is refused when others can write into it: mode %o', async (mode) => {
    const path = join(tempDir('own'), 'data');
    mkdirSync(path);
    chmodSync(path, mode);
    await expect(ownFolder(path)).rejects.toMatchObject(refused(path, 'can be written by other users', 'chmod'));
  });

  it.each([0o700, 0o750, 0o755, 0o500])('is taken when others can read at most: mode %o', async (mode) => {
    const path = join(tempDir('own'), 'data');
    mkdirSync(path);
    chmodSync(path, mode);
    await expect(ownFolder(path)).resolves.toBeUndefined();
  });

  it('is refused when it is a symbolic link, also to a folder of ours', async () => {
    const parent = tempDir('own');
    mkdirSync(join(parent, 'real'), { mode: 0o700 });
    symlinkSync(join(parent, 'real'), join(parent, 'link'));
    await expect(ownFolder(join(parent, 'link'))).rejects.toMatchObject(refused('link', 'is a symbolic link'));
  });

  it('is refused when it belongs to another user', async () => {
    const path = tempDir('own');
    asAnotherUser();
    await expect(ownFolder(path)).rejects.toMatchObject(refused('belongs to user id', 'chown'));
  });
});

describe('a file of ours', () => {
  it('is made for this user only, and read back', async () => {
    const path = join(tempDir('own'), 'file');
    const file = await openOwn(path, MAKE_OR_WRITE);
    await file.write('text');
    await file.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await readOwn(path)).toString()).toBe('text');
    await expect(openOwn(path, MAKE_NEW)).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('keeps the system’s error when there is none', async () => {
    await expect(readOwn(join(tempDir('own'), 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['to a file', (target: string) => writeFileSync(target, 'theirs')],
    ['to nothing', () => undefined],
  ])('is refused when it is a symbolic link %s, and nothing is written through it', async (_what, prepare) => {
    const dir = tempDir('own');
    const target = join(dir, 'target');
    prepare(target);
    symlinkSync(target, join(dir, 'link'));
    await expect(openOwn(join(dir, 'link'), MAKE_OR_WRITE)).rejects.toMatchObject(refused('link is a symbolic link'));
    await expect(readOwn(join(dir, 'link'))).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER_NOT_OURS' });
    expect(statSync(target, { throwIfNoEntry: false })?.size ?? 6).toBe(6);
  });

  it('is refused when it is a folder or a socket, without waiting for anybody', async () => {
    const dir = tempDir('own');
    mkdirSync(join(dir, 'folder'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(dir, 'socket'), resolve));
    for (const name of ['folder', 'socket']) {
      await expect(openOwn(join(dir, name), MAKE_OR_WRITE)).rejects.toMatchObject(refused(name, 'is no regular file'));
    }
    server.close();
  });

  it.each([0o620, 0o602, 0o666])('is refused when others can write it: mode %o', async (mode) => {
    const path = join(tempDir('own'), 'file');
    writeFileSync(path, '');
    chmodSync(path, mode);
    await expect(readOwn(path)).rejects.toMatchObject(refused('can be written by other users'));
  });

  it('is refused when it belongs to another user', async () => {
    const path = join(tempDir('own'), 'file');
    writeFileSync(path, 'theirs');
    asAnotherUser();
    await expect(readOwn(path)).rejects.toMatchObject(refused('belongs to user id', 'this process runs as'));
  });
});

describe('a path that was opened', () => {
  it('is still the same while nobody moves it, and is not when it is gone or replaced', async () => {
    const dir = tempDir('own');
    const path = join(dir, 'file');
    writeFileSync(path, '');
    const opened = statSync(path);
    await expect(isStill(path, opened)).resolves.toBeUndefined();
    linkSync(path, join(dir, 'kept'));
    await expect(isStill(join(dir, 'none'), opened)).rejects.toMatchObject({ code: 'ENOENT' });
    writeFileSync(join(dir, 'other'), '');
    await expect(isStill(join(dir, 'other'), opened)).rejects.toMatchObject({ code: 'ESTALE' });
    expect(readFileSync(join(dir, 'kept'), 'utf8')).toBe('');
  });
});
