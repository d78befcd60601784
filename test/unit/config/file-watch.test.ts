import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileWatch } from '../../../src/config/file-watch.js';
import { removeTempDir, tempDir } from '../../support/temp.js';

describe('FileWatch', () => {
  let folder = '';
  let path = '';
  let nowMs = 0;

  beforeEach(() => {
    folder = tempDir('watch');
    path = join(folder, 'sluice.yaml');
    writeFileSync(path, 'a');
    nowMs = 0;
  });
  afterEach(() => removeTempDir(folder));

  /** Looks so many times, a second apart. */
  async function looks(watch: FileWatch, times: number, before: (second: number) => void = () => {}) {
    const found: boolean[] = [];
    for (let second = 0; second < times; second++) {
      before(second);
      nowMs += 1000;
      found.push(await watch.look(nowMs));
    }
    return found;
  }

  it('finds nothing in a file that stays as it is', async () => {
    expect(await looks(new FileWatch(path), 4)).toEqual([false, false, false, false]);
  });

  it('finds a file that was written, once it is the same for two looks', async () => {
    const watch = new FileWatch(path);
    writeFileSync(path, 'longer');
    expect(await looks(watch, 4)).toEqual([false, true, false, false]);
  });

  it('finds another file in its place, as editors put it there', async () => {
    const watch = new FileWatch(path);
    writeFileSync(`${path}.new`, 'b');
    renameSync(`${path}.new`, path);
    expect(await looks(watch, 3)).toEqual([false, true, false]);
    writeFileSync(`${path}.new`, 'c');
    renameSync(`${path}.new`, path);
    expect(await looks(watch, 3)).toEqual([false, true, false]);
  });

  it('finds another folder behind a link above it, as Kubernetes changes a ConfigMap', async () => {
    for (const version of ['1', '2']) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'sluice.yaml'), 'same');
    }
    symlinkSync('1', join(folder, '..data'));
    symlinkSync('..data/sluice.yaml', join(folder, 'config.yaml'));
    const watch = new FileWatch(join(folder, 'config.yaml'));
    symlinkSync('2', join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
    expect(await looks(watch, 3)).toEqual([false, true, false]);
  });

  it('finds a file that is gone, and one that is back', async () => {
    const watch = new FileWatch(path);
    rmSync(path);
    expect(await looks(watch, 3)).toEqual([false, true, false]);
    writeFileSync(path, 'back');
    expect(await looks(watch, 3)).toEqual([false, true, false]);
  });

  it('finds a file that keeps changing every five seconds, whatever is written', async () => {
    const watch = new FileWatch(path);
    const found = await looks(watch, 21, (second) => {
      for (let i = 0; i < 50; i++) writeFileSync(path, 'x'.repeat(1 + ((second + i) % 100)));
    });
    expect(found.filter(Boolean)).toHaveLength(3);
  });

  it('looks once at a time', async () => {
    const watch = new FileWatch(path);
    writeFileSync(path, 'b');
    const both = [watch.look(1000), watch.look(1000)];
    expect(await Promise.all(both)).toEqual([false, false]);
    expect(await watch.look(2000)).toBe(true);
  });
});
