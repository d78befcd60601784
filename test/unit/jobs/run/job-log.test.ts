import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JobLog } from '../../../../src/jobs/run/job-log.js';
import { tempDir } from '../../../support/temp.js';

const MIB = 1 << 20;

/** A MiB of lines that name their place. */
function lines(from: number): Buffer {
  let text = '';
  for (let i = 0; i < 8192; i++) text += `${String(from + i).padEnd(127, '.')}\n`;
  return Buffer.from(text);
}

describe('JobLog', () => {
  it('keeps the first MiB and at least the last four, in whole lines', async () => {
    const folder = join(tempDir('log'), 'job', '1');
    const log = new JobLog(folder, []);
    const output = log.output();
    for (let i = 0; i < 16; i++) {
      const chunk = lines(i * 8192);
      for (let part = 0; part < 4; part++) {
        output.push(chunk.subarray((part * MIB) / 4, ((part + 1) * MIB) / 4));
        await log.whenGrown();
      }
    }
    await log.close();
    const files = readdirSync(folder).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    expect(files[0]).toBe('0.log');
    const sizes = files.map((name) => statSync(join(folder, name)).size);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MIB);
    expect(sizes[0]).toBe(MIB);
    expect(sizes.slice(1).reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(4 * MIB);
    expect(files.length).toBe(6);
    const text = files.slice(1).map((name) => readFileSync(join(folder, name), 'latin1'));
    const numbers = text
      .join('')
      .trim()
      .split('\n')
      .map((line) => Number.parseInt(line, 10));
    expect(numbers.at(-1)).toBe(16 * 8192 - 1);
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
  });

  it('does not mix two outputs within a line, and takes what has no end at the close', async () => {
    const folder = tempDir('log');
    const log = new JobLog(folder, []);
    const [out, err] = [log.output(), log.output()];
    out.push(Buffer.from('out '));
    err.push(Buffer.from('err '));
    out.push(Buffer.from('1\n'));
    err.push(Buffer.from('1'));
    await log.close();
    await log.close();
    out.push(Buffer.from('late\n'));
    expect(readFileSync(join(folder, '0.log'), 'utf8')).toBe('out 1\nerr 1\n');
    expect(log.isComplete).toBe(true);
  });

  it('says how much was lost when more comes at once than may wait for the disk', async () => {
    const folder = tempDir('log');
    const log = new JobLog(folder, []);
    const output = log.output();
    for (let i = 0; i < 3; i++) output.push(lines(i * 8192));
    await log.close();
    const text = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
    expect(text.join('')).toContain(`[sluice] ${2 * MIB} bytes were lost here\n`);
  });

  it('goes on when the disk refuses, and has the last lines all the same', async () => {
    const folder = join(tempDir('log'), 'file');
    writeFileSync(folder, 'a file where the folder should be');
    const log = new JobLog(folder, []);
    log.note('one');
    await log.whenGrown();
    log.note('two');
    await log.close();
    expect(log.tail()).toBe('[sluice] one\n[sluice] two');
    rmSync(folder);
  });

  it('makes files that only this user can read', async () => {
    const folder = join(tempDir('log'), 'a', 'b');
    const log = new JobLog(folder, []);
    log.note('one');
    await log.close();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, '0.log')).mode & 0o777).toBe(0o600);
    chmodSync(folder, 0o700);
  });
});

describe('the tail of a log', () => {
  it.each([
    ['short lines', Array.from({ length: 500 }, (_, i) => `line ${i}`).join('\n'), 'line 499'],
    ['one long line', 'x'.repeat(10_000), 'x [cut]'],
    ['characters of several bytes', `${'€'.repeat(1000)} end`, '€ end'],
  ])('has at most 2 KiB and the end of %s', async (_, text, end) => {
    const log = new JobLog(tempDir('log'), []);
    const output = log.output();
    output.push(Buffer.from(`${text}\n`));
    const tail = log.tail();
    expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(2048);
    expect(Buffer.byteLength(tail)).toBeGreaterThan(2000);
    expect(tail.endsWith(end)).toBe(true);
    expect(tail).not.toContain('\ufffd');
    await log.close();
  });

  it('has neither colours nor characters that control a terminal, and is text whatever is printed', async () => {
    const log = new JobLog(tempDir('log'), []);
    const output = log.output();
    output.push(Buffer.from('\u001b[31mred\u001b[0m\u0007\u0000\u202e\ttab\n'));
    output.push(Buffer.from([0xff, 0xfe, 0x41, 0x0a]));
    expect(log.tail()).toBe('red\ttab\n\ufffd\ufffdA');
    await log.close();
  });

  it('is empty when nothing was printed', () => {
    expect(new JobLog(tempDir('log'), []).tail()).toBe('');
  });
});
