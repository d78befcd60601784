import { readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ObjectFiles } from '../../../src/shared-objects/object-files.js';
import { removeTempDir, tempDir } from '../../support/temp.js';

const PAYLOAD = Buffer.from('payload');

let folder = '';
beforeEach(() => {
  folder = tempDir('objects');
});
afterEach(() => removeTempDir(folder));

describe('the files of shared objects', () => {
  it('hold an object under a name that no client chooses', async () => {
    const files = await ObjectFiles.open(join(folder, 'made'));
    await files.write('live', '../../etc/passwd', PAYLOAD);
    expect(readdirSync(join(folder, 'made'))).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.so$/)]);
    expect(await files.read('live', '../../etc/passwd')).toEqual({ app: 'live', payload: PAYLOAD });
    expect(await files.read('live', 'other')).toBeUndefined();
    expect([files.has('live', '../../etc/passwd'), files.has('live', 'other'), files.count]).toEqual([true, false, 1]);
  });

  it('are known again, are replaced whole, and go', async () => {
    const files = await ObjectFiles.open(folder);
    await files.write('live', 'chat', PAYLOAD);
    await files.write('live', 'chat', Buffer.from('new'));
    const again = await ObjectFiles.open(folder);
    expect([again.has('live', 'chat'), again.count]).toEqual([true, 1]);
    expect(await again.read('live', 'chat')).toEqual({ app: 'live', payload: Buffer.from('new') });
    await again.remove('live', 'chat');
    await again.remove('live', 'chat');
    expect([again.has('live', 'chat'), readdirSync(folder)]).toEqual([false, []]);
  });

  it('are not mixed up for names that join to the same text', async () => {
    const files = await ObjectFiles.open(folder);
    await files.write('a', 'b/c', PAYLOAD);
    expect([files.has('a/b', 'c'), files.has('a', 'b/c')]).toEqual([false, true]);
  });

  it('that are cut off anywhere, or changed anywhere, are put aside', async () => {
    const files = await ObjectFiles.open(folder);
    await files.write('live', 'chat', PAYLOAD);
    const path = join(folder, readdirSync(folder)[0]!);
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      expect(await files.read('live', 'chat'), `cut at ${length}`).toBe('damaged');
    }
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 1;
      writeFileSync(path, changed);
      expect(await files.read('live', 'chat'), `changed at ${at}`).toBe('damaged');
    }
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/\.so\.damaged$/)]);
    expect(await files.read('live', 'chat')).toBeUndefined();
  });

  it('are not what was left of a write that did not end', async () => {
    const files = await ObjectFiles.open(folder);
    await files.write('live', 'chat', PAYLOAD);
    writeFileSync(`${join(folder, readdirSync(folder)[0]!)}.new`, 'half');
    expect((await ObjectFiles.open(folder)).count).toBe(1);
    await files.write('live', 'chat', Buffer.from('x'));
    expect(await files.read('live', 'chat')).toMatchObject({ payload: Buffer.from('x') });
  });

  it('are never read or written through a link', async () => {
    const files = await ObjectFiles.open(folder);
    await files.write('live', 'chat', PAYLOAD);
    const path = join(folder, readdirSync(folder)[0]!);
    const outside = join(tempDir('outside'), 'victim');
    writeFileSync(outside, 'untouched');
    symlinkSync(outside, `${path}.new`);
    await expect(files.write('live', 'chat', PAYLOAD)).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER_NOT_OURS' });
    expect(readFileSync(outside, 'utf8')).toBe('untouched');
    removeTempDir(join(outside, '..'));
  });
});
