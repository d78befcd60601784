import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JobLogs, LOG_BEGIN } from '../../../../src/jobs/run/job-logs.js';
import { jobFolderName } from '../../../../src/jobs/run/log-files.js';
import { tempDir } from '../../../support/temp.js';

const JOB = '01ABC/record';

function logsIn(folder: string): JobLogs {
  return new JobLogs({ folder, keepMs: 1e9, maxBytes: 1e9, wallMs: () => 0 });
}

/** Reads a log piece by piece, to what there is of it now. */
async function pieces(logs: JobLogs, most: number): Promise<{ texts: string[]; isEnd: boolean }> {
  const texts: string[] = [];
  let place = LOG_BEGIN;
  for (;;) {
    const piece = await logs.piece(JOB, 1, place, most);
    if (piece === undefined) throw new Error('there is no log');
    if (piece.bytes.length === 0) return { texts, isEnd: piece.isEnd };
    texts.push(piece.bytes.toString('utf8'));
    place = piece.next;
  }
}

describe('pieces of a log', () => {
  it('are whole lines, none twice and none left out, whatever their size', async () => {
    const logs = logsIn(tempDir('logs'));
    const log = logs.open(JOB, 1, []);
    const lines = Array.from({ length: 50 }, (_, n) => `line ${n} ${'ä'.repeat(n)}`);
    for (const line of lines) log.note(line);
    await log.close();
    const whole = `${lines.map((line) => `[sluice] ${line}`).join('\n')}\n`;
    for (const most of [160, 500, 64 * 1024]) {
      const { texts, isEnd } = await pieces(logs, most);
      expect([most, texts.join(''), isEnd]).toEqual([most, whole, true]);
      expect(texts.filter((text) => !text.endsWith('\n') || Buffer.byteLength(text) > most)).toEqual([]);
    }
  });

  it('cut a line that is longer than a piece', async () => {
    const logs = logsIn(tempDir('logs'));
    const log = logs.open(JOB, 1, []);
    log.note('x'.repeat(300));
    await log.close();
    expect((await pieces(logs, 100)).texts.map(({ length }) => length)).toEqual([100, 100, 100, 10]);
  });

  it('go on where the one before ended while the log is written, and end when it is over', async () => {
    const logs = logsIn(tempDir('logs'));
    expect(await logs.piece(JOB, 1, LOG_BEGIN, 1000)).toBeUndefined();
    const log = logs.open(JOB, 1, []);
    expect(await logs.piece(JOB, 1, LOG_BEGIN, 1000)).toMatchObject({ isEnd: false, bytes: Buffer.alloc(0) });
    const grown = logs.grown(JOB, 1);
    log.note('one');
    await grown;
    const first = await logs.piece(JOB, 1, LOG_BEGIN, 1000);
    expect([first?.bytes.toString(), first?.isEnd]).toEqual(['[sluice] one\n', false]);
    log.note('two');
    await log.close();
    const second = await logs.piece(JOB, 1, first!.next, 1000);
    expect(second?.bytes.toString()).toBe('[sluice] two\n');
    expect(await logs.piece(JOB, 1, second!.next, 1000)).toMatchObject({ isEnd: true });
    await logs.grown(JOB, 1);
  });

  it('begin with a line near the end of a log, also where that is in the file before', async () => {
    const root = tempDir('logs');
    const folder = join(root, jobFolderName(JOB), '1');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '0.log'), 'first\nsecond\n');
    writeFileSync(join(folder, '1.log'), 'third\nfourth\n');
    const logs = logsIn(root);
    const endOf = async (most: number) => {
      const place = await logs.beforeEnd(JOB, 1, most);
      return (await logs.piece(JOB, 1, place, 1000))?.bytes.toString();
    };
    expect([await endOf(7), await endOf(10), await endOf(13)]).toEqual(['fourth\n', 'fourth\n', 'third\nfourth\n']);
    expect([await endOf(15), await endOf(20), await endOf(25)]).toEqual(['third\nfourth\n', 'second\n', 'second\n']);
    expect(await endOf(1000)).toBe('first\nsecond\n');
    expect(await logs.beforeEnd(JOB, 2, 10)).toEqual({ file: 0, offset: 0 });
  });

  it('say where the middle of a long log is missing', async () => {
    const root = tempDir('logs');
    const logs = logsIn(root);
    const folder = join(root, jobFolderName(JOB), '1');
    mkdirSync(folder, { recursive: true });
    for (const file of [0, 2, 3]) writeFileSync(join(folder, `${file}.log`), `file ${file}\n`.repeat(20_000));
    const { texts, isEnd } = await pieces(logs, 64 * 1024);
    expect(isEnd).toBe(true);
    expect(texts.filter((text) => text === '[sluice] the middle of the log was left out here\n')).toHaveLength(1);
    // A place in a file that has gone leads to the next one.
    const gone = await logs.piece(JOB, 1, { file: 1, offset: 5000 }, 1000);
    expect(gone?.next).toEqual({ file: 2, offset: 0 });
    expect(await logs.piece(JOB, 1, { file: 99, offset: 5 }, 1000)).toMatchObject({ isEnd: true });
  });
});
