import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { walkFolder } from '../../../../src/jobs/run/walk-folder.js';
import { tempDir } from '../../../support/temp.js';

async function namesIn(folder: string, most: number): Promise<{ names: string[]; isWhole: boolean }> {
  const names: string[] = [];
  const isWhole = await walkFolder(folder, most, (name) => names.push(name));
  return { names: names.sort(), isWhole };
}

describe('walkFolder', () => {
  it('tells files, folders and links, and follows no link', async () => {
    const folder = tempDir('walk');
    mkdirSync(join(folder, 'a', 'b'), { recursive: true });
    writeFileSync(join(folder, 'a', 'b', 'file'), '');
    symlinkSync('/', join(folder, 'root'));
    symlinkSync('..', join(folder, 'a', 'up'));
    const names = ['a', 'a/b', 'a/b/file', 'a/up', 'root'];
    expect(await namesIn(folder, 100)).toEqual({ names, isWhole: true });
  });

  it('stops after the most entries that it may look at', async () => {
    const folder = tempDir('walk');
    for (let i = 0; i < 10; i++) writeFileSync(join(folder, String(i)), '');
    expect(await namesIn(folder, 10)).toMatchObject({ isWhole: true });
    const { names, isWhole } = await namesIn(folder, 9);
    expect([names.length, isWhole]).toEqual([9, false]);
  });

  it('does not go deeper than 32 folders', async () => {
    const folder = tempDir('walk');
    mkdirSync(join(folder, ...Array<string>(40).fill('d')), { recursive: true });
    const { names, isWhole } = await namesIn(folder, 100);
    expect([names.length, isWhole]).toEqual([33, false]);
  });

  it('finds nothing where there is no folder', async () => {
    expect(await namesIn('/nowhere/at/all', 10)).toEqual({ names: [], isWhole: true });
  });
});
