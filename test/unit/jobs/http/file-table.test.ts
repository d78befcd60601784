import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileTable, readFileTable } from '../../../../src/jobs/http/file-table.js';
import { tempDir } from '../../../support/temp.js';

const isText = (value: unknown): value is string => typeof value === 'string';

describe('a table in a folder', () => {
  it('is read while its runner uses it, and nothing in it changes by that', async () => {
    const folder = join(tempDir('table'), 'records');
    const table = await FileTable.open(folder, isText);
    await table.write('a', 'one', 0);
    await table.write('b', 'two', 0);
    writeFileSync(join(folder, 'c.json.new'), 'a write under way');
    writeFileSync(join(folder, 'd.json'), 'no JSON');
    writeFileSync(join(folder, 'e.json'), JSON.stringify({ key: 'e', value: 5, revision: 1 }));
    const before = readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]);
    const read = await readFileTable(folder, isText);
    expect([...read].map(([key, { value }]) => [key, value])).toEqual([
      ['a', 'one'],
      ['b', 'two'],
    ]);
    expect(read.get('a')?.revision).toBe(table.entries().get('a')?.revision);
    expect(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')])).toEqual(before);
  });

  it('that is not there holds nothing', async () => {
    expect((await readFileTable(join(tempDir('table'), 'none'), isText)).size).toBe(0);
  });
});
