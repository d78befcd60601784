import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PidFiles } from '../../../../src/jobs/run/pid-files.js';
import { tempDir } from '../../../support/temp.js';

const RUN = {
  pid: process.ppid,
  runId: 'no-such-run',
  jobId: '01ABC/record',
  attempt: 1,
  token: 7,
  outDir: '/srv/rec',
};

describe('PidFiles', () => {
  it('writes a run down and forgets it', async () => {
    const folder = join(tempDir('data'), 'jobs', 'pids');
    const files = new PidFiles(folder);
    await files.add(RUN);
    await files.add({ ...RUN, token: 8 });
    expect(readdirSync(folder)).toEqual([`${RUN.pid}.json`]);
    expect(JSON.parse(readFileSync(join(folder, `${RUN.pid}.json`), 'utf8'))).toMatchObject({ ...RUN, token: 8 });
    await files.remove(RUN.pid);
    await files.remove(RUN.pid);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves the runs of a runner that lives', async () => {
    const folder = tempDir('pids');
    const files = new PidFiles(folder);
    await files.add(RUN);
    expect(await files.killOrphans()).toEqual([]);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it.each([
    ['of another boot of the machine', (file: Record<string, unknown>) => ({ ...file, machineBoot: 'another' })],
    [
      'whose pid is another process now',
      (file: Record<string, unknown>) => ({ ...file, start: '1', by: { pid: process.pid, start: '1' } }),
    ],
  ])('kills nothing for a file %s, and tells of the run', async (_, change) => {
    const folder = tempDir('pids');
    const files = new PidFiles(folder);
    // The process that started this one would be killed by a mistake here.
    await files.add(RUN);
    const path = join(folder, `${RUN.pid}.json`);
    writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))));
    expect(await files.killOrphans()).toEqual([RUN]);
    expect(readdirSync(folder)).toEqual([]);
    expect(process.kill(RUN.pid, 0)).toBe(true);
  });

  it('takes files that say nothing for nothing, and leaves what is none of its files', async () => {
    const folder = tempDir('pids');
    const texts = ['', '{', 'null', '[]', '{"v":1,"pid":1}', '{"v":2}', JSON.stringify({ v: 1, ...RUN, pid: -1 })];
    for (const [index, text] of texts.entries()) writeFileSync(join(folder, `${index + 10}.json`), text);
    writeFileSync(join(folder, 'notes.txt'), '');
    mkdirSync(join(folder, '77.json'));
    symlinkSync('/etc/hostname', join(folder, '88.json'));
    expect(await new PidFiles(folder).killOrphans()).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(['77.json', 'notes.txt']);
    expect(await new PidFiles(join(folder, 'gone')).killOrphans()).toEqual([]);
  });
});
