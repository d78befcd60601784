import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FileStore } from '../../../src/recording/file-store.js';
import { tempDir } from '../../support/temp.js';

vi.mock('node:fs/promises', { spy: true });

const { readlink: realReadlink } = await vi.importActual<typeof fs>('node:fs/promises');

/** Makes a system without the paths of open files, as macOS. */
function withoutProc(): void {
  vi.mocked(fs.readlink).mockRejectedValue(Object.assign(new Error('none'), { code: 'ENOENT' }));
}

afterEach(() => {
  vi.mocked(fs.readlink).mockImplementation(realReadlink);
});

const PATH = { code: 'ERR_MEDIA_PATH' };
const MISSING = { code: 'ERR_MEDIA_MISSING' };

async function write(store: FileStore, path: string, text: string): Promise<void> {
  const file = await store.create(path);
  await file.writeFile(text);
  await file.close();
}

async function read(store: FileStore, path: string): Promise<string> {
  const file = await store.read(path);
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

describe.each([
  ['of Linux', () => {}],
  ['of other systems', withoutProc],
])('the file store, in the way %s', (_name, prepare) => {
  /** A store, the folder it is in, and a folder beside it that must never be touched. */
  async function stored(): Promise<{ store: FileStore; root: string; outside: string }> {
    prepare();
    const parent = tempDir('media');
    const [root, outside] = [join(parent, 'root'), join(parent, 'outside')];
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret'), 'secret');
    return { store: await FileStore.open(root), root, outside };
  }

  it('makes its root and the folders of a file for this user only, and reads back what was written', async () => {
    const { store, root } = await stored();
    await write(store, 'live/cam1/a.flv', 'tags');
    expect(await read(store, 'live/cam1/a.flv')).toBe('tags');
    for (const path of [root, join(root, 'live/cam1')]) expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(root, 'live/cam1/a.flv')).mode & 0o777).toBe(0o600);
    const file = await store.update('live/cam1/a.flv');
    await file.write('T', 0);
    await file.close();
    expect(readFileSync(join(root, 'live/cam1/a.flv'), 'utf8')).toBe('Tags');
  });

  it('takes a root that is a link', async () => {
    const { root } = await stored();
    const link = `${root}-link`;
    symlinkSync(root, link);
    const store = await FileStore.open(link);
    await write(store, 'a', 'x');
    expect(store.root).toBe(root);
    expect(readdirSync(root)).toEqual(['a']);
  });

  it('says that a file or its folder is missing', async () => {
    const { store } = await stored();
    for (const path of ['a', 'a/b']) {
      await expect(store.read(path)).rejects.toMatchObject(MISSING);
      await expect(store.remove(path)).rejects.toMatchObject(MISSING);
    }
    await expect(store.list('a')).rejects.toMatchObject(MISSING);
  });

  it('refuses paths that are none: nothing outside is read or made', async () => {
    const { store, outside } = await stored();
    for (const path of ['../outside/secret', `${outside}/secret`, 'a/../../outside/secret', '', 'a\0', '.b']) {
      await expect(store.read(path)).rejects.toMatchObject(PATH);
      await expect(store.create(path)).rejects.toMatchObject(PATH);
      await expect(store.remove(path)).rejects.toMatchObject(PATH);
    }
    expect(readdirSync(outside)).toEqual(['secret']);
  });

  it('follows no link: of a file, of a folder, also to a place inside', async () => {
    const { store, root, outside } = await stored();
    await write(store, 'real/a', 'inside');
    symlinkSync(outside, join(root, 'out'));
    symlinkSync(join(root, 'real'), join(root, 'in'));
    symlinkSync(join(outside, 'secret'), join(root, 'secret'));
    symlinkSync('nowhere', join(root, 'dangling'));
    for (const path of ['out/secret', 'in/a', 'secret', 'dangling']) {
      await expect(store.read(path)).rejects.toMatchObject(PATH);
      await expect(store.update(path)).rejects.toMatchObject(PATH);
    }
    await expect(store.create('out/new')).rejects.toMatchObject(PATH);
    await expect(store.create('out/deep/new')).rejects.toMatchObject(PATH);
    await expect(store.create('dangling')).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(store.remove('out/secret')).rejects.toMatchObject(PATH);
    await expect(store.rename('out/secret', 'other')).rejects.toMatchObject(PATH);
    await expect(store.list('out')).rejects.toMatchObject(PATH);
    expect(readdirSync(outside)).toEqual(['secret']);
    expect((await store.list('')).map(({ name }) => name)).toEqual(['real']);
  });

  it('opens regular files only, and never waits for the other end of a pipe', async () => {
    const { store, root } = await stored();
    execFileSync('mkfifo', [join(root, 'pipe')]);
    mkdirSync(join(root, 'folder'));
    writeFileSync(join(root, 'file'), '');
    for (const path of ['pipe', 'folder', 'file/a']) {
      await expect(store.read(path)).rejects.toMatchObject(PATH);
      await expect(store.update(path)).rejects.toMatchObject(PATH);
    }
    expect(await store.list('')).toHaveLength(2);
    // The pipe is one of those that are looked at.
    const [none, one, all] = await Promise.all([0, 1, 3].map((most) => store.list('', most)));
    expect([none, all?.length]).toEqual([[], 2]);
    expect(one!.length).toBeLessThan(2);
  });

  it('gives a file its last name at once, and replaces none', async () => {
    const { store, root } = await stored();
    await write(store, 'a/x.part', 'new');
    await write(store, 'a/old', 'old');
    await expect(store.rename('a/x.part', 'old')).rejects.toMatchObject({ code: 'EEXIST' });
    for (const name of ['../x', 'b/x', '..']) await expect(store.rename('a/x.part', name)).rejects.toMatchObject(PATH);
    await store.rename('a/x.part', 'x');
    expect(readdirSync(join(root, 'a')).sort()).toEqual(['old', 'x']);
    expect(await read(store, 'a/old')).toBe('old');
    await store.remove('a/x');
    expect(existsSync(join(root, 'a/x'))).toBe(false);
  });

  it('renames where the file system has no hard links, and replaces none there either', async () => {
    const { store, root } = await stored();
    vi.mocked(fs.link).mockRejectedValueOnce(Object.assign(new Error('no'), { code: 'EPERM' }));
    vi.mocked(fs.link).mockRejectedValueOnce(Object.assign(new Error('no'), { code: 'EPERM' }));
    await write(store, 'a', 'a');
    await write(store, 'b', 'b');
    await expect(store.rename('a', 'b')).rejects.toMatchObject({ code: 'EEXIST' });
    await store.rename('a', 'c');
    expect(readdirSync(root).sort()).toEqual(['b', 'c']);
  });

  it('tells how much room there is', async () => {
    const { store } = await stored();
    expect(await store.freeBytes()).toBeGreaterThan(0);
  });
});
