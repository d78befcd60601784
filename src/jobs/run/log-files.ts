import { createHash } from 'node:crypto';
import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { escapeToken } from '../../core/escape.js';
import { openOwn } from '../../core/own-files.js';

/**
 * Longest file of a log, in bytes. A log is the file 0, which is its beginning, and the newest of those after it. Whole
 * lines are in each, so one that is removed takes no half line with it.
 */
export const LOG_FILE_BYTES = 1 << 20;
/** How many files after the first are kept: the newest is being filled, so at least 4 MiB of the end are there. */
export const LOG_FILES_KEPT = 5;
/** Longest escaped job id that is a file name as it is; file systems take 255 bytes. */
const MAX_NAME = 200;

/** A place in a log: one of its files, and bytes of it. */
export interface LogPlace {
  readonly file: number;
  readonly offset: number;
}

/** The folder of a job's logs, below that of all logs. */
export function jobFolderName(jobId: string): string {
  const escaped = escapeToken(jobId);
  if (escaped.length <= MAX_NAME) return escaped;
  // The dot keeps it apart from escaped ids, which have none.
  return `${escaped.slice(0, MAX_NAME - 33)}.${createHash('sha256').update(jobId).digest('hex').slice(0, 32)}`;
}

/** Path of one file of a log. */
export function logFilePath(folder: string, index: number): string {
  return join(folder, `${index}.log`);
}

/** The files of a log that are there, in order; none when there is no such log. */
export async function logFileIndexes(folder: string): Promise<number[]> {
  return numbersIn(folder, /^(\d{1,12})\.log$/);
}

/** The attempts of which a job folder has logs, in order. */
export async function attemptNumbers(jobFolder: string): Promise<number[]> {
  return numbersIn(jobFolder, /^(\d{1,12})$/);
}

/** Reads at most so many bytes of a file from a place on; nothing when it has gone. */
export async function readAt(path: string, offset: number, most: number): Promise<Buffer> {
  const file = await openOwn(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return Buffer.alloc(0);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(most), 0, most, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function numbersIn(folder: string, name: RegExp): Promise<number[]> {
  const names = await readdir(folder).catch(() => []);
  const numbers = names.map((each) => name.exec(each)?.[1]).filter((each) => each !== undefined);
  return numbers.map(Number).sort((a, b) => a - b);
}

interface FoundLog {
  readonly folder: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/**
 * Removes logs that are older than `keepMs`, then the oldest until all together have at most `maxBytes`.
 *
 * @param isOpen whether a log, named by its folder, is still written; such a log stays
 */
export async function sweepLogs(
  root: string,
  options: { keepMs: number; maxBytes: number; nowMs: number; isOpen: (folder: string) => boolean },
): Promise<void> {
  const logs = (await findLogs(root)).sort((a, b) => a.changedMs - b.changedMs);
  let total = logs.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { folder, bytes, changedMs } of logs) {
    if (options.isOpen(folder)) continue;
    if (changedMs >= options.nowMs - options.keepMs && total <= options.maxBytes) continue;
    total -= bytes;
    await rm(folder, { recursive: true, force: true });
    // It goes with its last log only: another attempt keeps the folder of the job.
    await rmdir(join(folder, '..')).catch(() => undefined);
  }
}

async function findLogs(root: string): Promise<FoundLog[]> {
  const logs: FoundLog[] = [];
  for (const job of await readdir(root).catch(() => [])) {
    for (const attempt of await attemptNumbers(join(root, job))) {
      const folder = join(root, job, String(attempt));
      const indexes = await logFileIndexes(folder);
      const found = await Promise.all(
        [folder, ...indexes.map((index) => logFilePath(folder, index))].map((path) =>
          lstat(path).catch(() => undefined),
        ),
      );
      const stats = found.filter((each) => each !== undefined);
      logs.push({
        folder,
        bytes: stats.reduce((sum, each) => sum + (each.isFile() ? each.size : 0), 0),
        changedMs: Math.max(0, ...stats.map((each) => each.mtimeMs)),
      });
    }
  }
  return logs;
}
