import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkData, checkRecordings, syncFinding } from '../../../../src/cli/doctor/storage.js';
import { resolveConfig } from '../../../../src/config/load.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('checkData', () => {
  it('finds a folder good, tells room and speed, and leaves nothing in it', async () => {
    const found = await checkData(resolveConfig({ data: folder }));
    expect(found.map(({ check }) => check)).toEqual(['data', 'disk', 'fsync']);
    expect(found[0]).toEqual({ check: 'data', state: 'ok', says: folder });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('does not make a folder that is missing', async () => {
    const [data] = await checkData(resolveConfig({ data: join(folder, 'a/b') }));
    expect(data).toMatchObject({ state: 'ok', says: expect.stringContaining('will be made') });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses a folder that others may write, a link, and a file', async () => {
    chmodSync(folder, 0o777);
    expect(await checkData(resolveConfig({ data: folder }))).toMatchObject([
      { state: 'fail', says: expect.stringContaining('other users') },
    ]);
    chmodSync(folder, 0o700);
    symlinkSync(folder, join(folder, 'link'));
    expect(await checkData(resolveConfig({ data: join(folder, 'link') }))).toMatchObject([
      { state: 'fail', says: expect.stringContaining('symbolic link') },
    ]);
    expect(await checkData(resolveConfig({ data: '/dev/null' }))).toMatchObject([
      { state: 'fail', says: expect.stringContaining('is no folder') },
    ]);
  });

  it('tells of a disk without room for the journal', async () => {
    const config = resolveConfig({ data: folder, events: { maxJournalBytes: 1024 ** 4 } });
    expect((await checkData(config))[1]).toMatchObject({ check: 'disk', state: 'warn' });
  });
});

describe('checkRecordings', () => {
  it('looks only where something is recorded', async () => {
    expect(await checkRecordings(resolveConfig({ data: folder }))).toEqual([]);
    const match = ['live/*'];
    expect(await checkRecordings(resolveConfig({ data: folder, recording: { match, minFreeBytes: 0 } }))).toMatchObject(
      [{ state: 'ok' }],
    );
    expect(
      await checkRecordings(resolveConfig({ data: folder, recording: { match, minFreeBytes: 1024 ** 5 } })),
    ).toMatchObject([{ state: 'fail' }]);
  });
});

describe('syncFinding', () => {
  it('judges by the median', () => {
    expect(syncFinding([1, 2, 90])).toMatchObject({
      state: 'ok',
      says: '2.0 ms to keep a block (median of 3, longest 90.0 ms)',
    });
    expect(syncFinding([30, 40, 1])).toMatchObject({ state: 'warn', todo: expect.stringContaining('faster disk') });
  });
});
