import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CursorFile } from '../../../src/webhooks/cursor-file.js';
import { tempDir } from '../../support/temp.js';

it('gives back what was written last, and nothing before', async () => {
  const folder = tempDir('cursor');
  const file = new CursorFile(folder, 'billing');
  expect(await file.read()).toBeUndefined();
  await file.write({ read: 9, open: [1, 2, 3, 4] });
  await file.write({ read: 9, open: [4], again: { upTo: 9, atMs: 5 } });
  expect(await new CursorFile(folder, 'billing').read()).toEqual({ read: 9, open: [4], again: { upTo: 9, atMs: 5 } });
  expect(readdirSync(folder)).toEqual(['billing.cursor.json']);
});

it.each([
  '',
  '{',
  'null',
  '{"v":1}',
  '{"v":2,"read":1,"open":[]}',
  '{"v":1,"read":-1,"open":[]}',
  '{"v":1,"read":1,"open":["x"]}',
])('refuses a file that is no cursor, and says what to do: %s', async (text) => {
  const folder = tempDir('cursor');
  writeFileSync(join(folder, 'a.cursor.json'), text);
  await expect(new CursorFile(folder, 'a').read()).rejects.toMatchObject({
    code: 'ERR_DATA_FOLDER',
    message: expect.stringContaining('remove it') as string,
  });
});
