import { appendFileSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GrowthWatch } from '../../../../src/jobs/run/growth-watch.js';
import { tempDir } from '../../../support/temp.js';
import { waitFor } from '../../../support/wait.js';

const BEFORE = 1_600_000_000;

/** Looks until a look is over. @returns whether it told of growth */
async function look(watch: GrowthWatch, nowMs: number): Promise<boolean> {
  let grew = false;
  watch.look(nowMs, () => {
    grew = true;
  });
  await waitFor(() => !watch.isLooking);
  return grew;
}

describe('GrowthWatch', () => {
  it.each([
    ['a file has more bytes', (folder: string) => appendFileSync(join(folder, 'a', 'file'), 'x')],
    ['a file is replaced by one of the same size', (folder: string) => writeFileSync(join(folder, 'a', 'file'), 'y')],
    ['there is a new file', (folder: string) => writeFileSync(join(folder, 'a', 'new'), '')],
    ['a file is removed', (folder: string) => rmSync(join(folder, 'a', 'file'))],
  ])('notices that %s', async (_, change) => {
    const folder = tempDir('growth');
    mkdirSync(join(folder, 'a'));
    writeFileSync(join(folder, 'a', 'file'), 'x');
    for (const path of ['a/file', 'a']) utimesSync(join(folder, path), BEFORE, BEFORE);
    const watch = new GrowthWatch(folder);
    expect(await look(watch, 0)).toBe(false);
    expect(await look(watch, 1e7)).toBe(false);
    change(folder);
    expect(await look(watch, 2e7)).toBe(true);
    expect(await look(watch, 3e7)).toBe(false);
  });

  it('looks once a second at most', async () => {
    const folder = tempDir('growth');
    const watch = new GrowthWatch(folder);
    await look(watch, 0);
    writeFileSync(join(folder, 'new'), '');
    expect(await look(watch, 999)).toBe(false);
    expect(await look(watch, 1e7)).toBe(true);
  });

  it('finds no growth in a folder that has gone', async () => {
    const watch = new GrowthWatch('/nowhere/at/all');
    expect(await look(watch, 0)).toBe(false);
    expect(await look(watch, 1e7)).toBe(false);
  });
});
