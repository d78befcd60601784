import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JobLogs } from '../../../../src/jobs/run/job-logs.js';
import { tempDir } from '../../../support/temp.js';

const NOW = Date.UTC(2026, 0, 10);
const DAY = 86_400_000;

function logsIn(folder: string, more: { keepMs?: number; maxBytes?: number } = {}): JobLogs {
  return new JobLogs({ folder, keepMs: 3 * DAY, maxBytes: 1e9, wallMs: () => NOW, ...more });
}

async function textOf(logs: JobLogs, jobId: string, attempt: number): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of logs.read(jobId, attempt)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Writes a log as an earlier process left it. */
function leave(root: string, job: string, attempt: number, bytes: number, ageMs: number): void {
  const folder = join(root, job, String(attempt));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '0.log'), Buffer.alloc(bytes, '.'));
  for (const path of [join(folder, '0.log'), folder]) utimesSync(path, (NOW - ageMs) / 1000, (NOW - ageMs) / 1000);
}

describe('JobLogs', () => {
  it('reads what was written, by job and attempt', async () => {
    const logs = logsIn(tempDir('logs'));
    for (const attempt of [1, 2, 10]) {
      const log = logs.open('01ABC/record', attempt, ['s3cr3t']);
      log.note(`attempt ${attempt} s3cr3t`);
      await log.close();
    }
    expect(await logs.attempts('01ABC/record')).toEqual([1, 2, 10]);
    expect(await textOf(logs, '01ABC/record', 10)).toBe('[sluice] attempt 10 ***\n');
    expect(await textOf(logs, '01ABC/record', 3)).toBe('');
    expect(await logs.attempts('01ABC/other')).toEqual([]);
  });

  it.each(['../../etc', 'a/../b', '.', '', `want/${'ä'.repeat(64)}/${'€'.repeat(42)}/thumbs`, 'x'.repeat(4096)])(
    'keeps the logs of the job %j below its folder',
    async (jobId) => {
      const root = tempDir('logs');
      const logs = logsIn(join(root, 'inner'));
      const log = logs.open(jobId, 1, []);
      log.note('here');
      await log.close();
      expect(await textOf(logs, jobId, 1)).toBe('[sluice] here\n');
      expect(readdirSync(root)).toEqual(['inner']);
      expect(readdirSync(join(root, 'inner'))).toHaveLength(1);
      expect(await logs.attempts(`${jobId}x`)).toEqual([]);
    },
  );

  it('follows a log that is written until it is complete', async () => {
    const logs = logsIn(tempDir('logs'));
    const log = logs.open('job', 1, []);
    const seen: string[] = [];
    const follower = (async () => {
      for await (const chunk of logs.read('job', 1, { follow: true })) {
        seen.push(chunk.toString('utf8'));
        if (seen.length === 1) log.note('two');
        else void log.close();
      }
    })();
    log.note('one');
    await follower;
    expect(seen.join('')).toBe('[sluice] one\n[sluice] two\n');
  });

  it('stops following when the reader has gone', async () => {
    const logs = logsIn(tempDir('logs'));
    const log = logs.open('job', 1, []);
    log.note('one');
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const chunk of logs.read('job', 1, { follow: true, signal: stop.signal })) {
      seen.push(chunk.toString('utf8'));
      stop.abort();
    }
    expect(seen.join('')).toBe('[sluice] one\n');
    await log.close();
  });

  it('removes logs that are too old, with the folder of a job that has no others', async () => {
    const root = tempDir('logs');
    leave(root, 'old', 1, 10, 3 * DAY + 1000);
    leave(root, 'mixed', 1, 10, 4 * DAY);
    leave(root, 'mixed', 2, 10, 1000);
    await logsIn(root).sweep();
    expect(readdirSync(root)).toEqual(['mixed']);
    expect(readdirSync(join(root, 'mixed'))).toEqual(['2']);
  });

  it('removes the oldest when all together are too large', async () => {
    const root = tempDir('logs');
    for (const [index, job] of ['c', 'a', 'd', 'b'].entries()) leave(root, job, 1, 1000, DAY - index * 1000);
    await logsIn(root, { maxBytes: 2500 }).sweep();
    expect(readdirSync(root).sort()).toEqual(['b', 'd']);
  });

  it('keeps what is being written, and what it did not write', async () => {
    const root = tempDir('logs');
    const outside = tempDir('outside');
    leave(outside, 'job', 1, 10, 9 * DAY);
    symlinkSync(join(outside, 'job', '1'), join(root, '7'));
    writeFileSync(join(root, 'a-file'), '');
    leave(root, 'job', 1, 10, 9 * DAY);
    const logs = logsIn(root, { maxBytes: 0 });
    const log = logs.open('job', 1, []);
    await logs.sweep();
    expect(readdirSync(root).sort()).toEqual(['7', 'a-file', 'job']);
    await log.close();
    await logs.sweep();
    expect(readdirSync(root).sort()).toEqual(['7', 'a-file']);
    expect(readdirSync(join(outside, 'job', '1'))).toEqual(['0.log']);
  });
});
