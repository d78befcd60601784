import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../src/core/log.js';
import type { JobRecord } from '../../../../src/jobs/record/record.js';
import { JobFolder } from '../../../../src/jobs/run/job-folder.js';
import { OutFolder } from '../../../../src/jobs/run/out-folder.js';
import type { Table } from '../../../../src/jobs/table.js';
import { tempDir } from '../../../support/temp.js';

const OPTIONS = { log: silentLogger, keepMs: 1e9, maxBytes: 1e9 };
const JOB = { jobId: '01ARZ3NDEKTSV4RRFFQ69G5FAV/record', attempt: 2, token: 9 };

/** Records of which one is known, as far as a folder asks. */
function recordsWith(value: Partial<JobRecord> | undefined): Table<JobRecord> {
  const read = (): Promise<unknown> => Promise.resolve(value === undefined ? undefined : { value });
  return { read } as Partial<Table<JobRecord>> as Table<JobRecord>;
}

/** A folder as a runner left it that was killed, with an output that has no place yet. */
async function leftBehind(): Promise<{ folder: string; outDir: string }> {
  const folder = join(tempDir('data'), 'jobs');
  const outDir = tempDir('out');
  const opened = await JobFolder.open(folder, OPTIONS);
  await OutFolder.make(outDir, JOB);
  await opened.pids.add({ pid: process.ppid, runId: 'a-run', outDir, ...JOB });
  const file = join(folder, 'pids', `${process.ppid}.json`);
  // The runner is no process of this machine any more.
  writeFileSync(file, readFileSync(file, 'utf8').replace(/"machineBoot":"[^"]*"/, '"machineBoot":"another"'));
  opened.close();
  return { folder, outDir };
}

describe('JobFolder', () => {
  it('has the same id each time that it is opened, and nothing left to work with', async () => {
    const folder = join(tempDir('data'), 'jobs');
    const first = await JobFolder.open(folder, OPTIONS);
    mkdirSync(join(first.workFolder, 'left', 'behind'), { recursive: true });
    first.close();
    const second = await JobFolder.open(folder, OPTIONS);
    expect(second.runnerId).toBe(first.runnerId);
    expect(readdirSync(second.workFolder)).toEqual([]);
    second.close();
  });

  it.each([
    ['is published when its record accepted it', { state: 'done', last: { attempt: 2, outcome: 'succeeded' } }, '2'],
    [
      'is kept apart when another attempt was accepted',
      { state: 'done', last: { attempt: 3, outcome: 'succeeded' } },
      '2.partial',
    ],
    ['is kept apart when its record is gone', undefined, '2.partial'],
  ])('places what a runner left behind that was killed: it %s', async (_, record, name) => {
    const { folder, outDir } = await leftBehind();
    const opened = await JobFolder.open(folder, OPTIONS);
    await opened.recover(recordsWith(record as Partial<JobRecord> | undefined));
    opened.close();
    expect(readdirSync(outDir)).toEqual([name]);
    expect(existsSync(join(outDir, name, 'result.json'))).toBe(true);
    expect(readdirSync(join(folder, 'pids'))).toEqual([]);
  });
});
