import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { BanFile } from '../../../../src/admission/bans/ban-file.js';
import { BanKeeper } from '../../../../src/admission/bans/ban-keeper.js';
import { BanList } from '../../../../src/admission/bans/ban-list.js';
import { HandClock, logTo } from '../../../support/admission/chain-harness.js';
import { removeTempDir, tempDir } from '../../../support/temp.js';

const folders: string[] = [];
const folder = () => {
  const path = tempDir('bans');
  folders.push(path);
  chmodSync(path, 0o700);
  return path;
};
afterEach(() => folders.splice(0).forEach(removeTempDir));

async function keptIn(path: string, clock = new HandClock()) {
  const lines: string[] = [];
  const list = new BanList(clock, logTo(lines));
  const keeper = new BanKeeper(list, new BanFile(path, logTo(lines)), clock);
  list.keepIn(keeper);
  await keeper.open();
  return { list, clock, lines };
}

describe('bans.json', () => {
  it('has the bans for the next start, those that are over left out, and is nobody else’s to read', async () => {
    const path = folder();
    const { list, clock } = await keptIn(path);
    const ban = (value: string, forMs: number) =>
      ({ kind: 'principal', value, untilMs: clock.wallMs() + forMs, reason: 'r', by: 'b' }) as const;
    await Promise.all([list.add(ban('anna', 9000)), list.add(ban('bert', 1000)), list.add(ban('carl', 9000))]);
    expect(await list.add(ban('dora', 9000))).toMatchObject({ stored: true });
    await list.remove('principal', 'carl');
    await list.close();
    clock.ms += 1000;
    const next = await keptIn(path, clock);
    expect(next.list.list().map(({ value }) => value)).toEqual(['anna', 'dora']);
    expect(statSync(join(path, 'bans.json')).mode & 0o777).toBe(0o600);
  });

  it('that is damaged prevents the start: to begin without its bans would let everybody in', async () => {
    const path = folder();
    for (const text of ['{', '{"v":2,"bans":[]}', '{"v":1,"bans":[{"kind":"x"}]}']) {
      writeFileSync(join(path, 'bans.json'), text, { mode: 0o600 });
      await expect(keptIn(path)).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER' });
    }
    expect(readFileSync(join(path, 'bans.json'), 'utf8')).toContain('"x"');
  });

  it('that cannot be written leaves the ban in memory, and the log says so', async () => {
    const path = folder();
    const { list, clock, lines } = await keptIn(path);
    removeTempDir(path);
    const ban = { kind: 'principal', value: 'anna', untilMs: clock.wallMs() + 1000, reason: '', by: '' } as const;
    expect(await list.add(ban)).toMatchObject({ stored: false });
    expect(list.match({ principal: 'anna' })).toBeDefined();
    expect(lines.join()).toContain('the bans could not be written');
  });
});
