import { lstat } from 'node:fs/promises';
import { type LogPlace, logFileIndexes, logFilePath, readAt } from './log-files.js';

/** A line of a log is shorter: the next line begins within so many bytes. */
const LINE_BYTES = 16 * 1024;

/**
 * The place from which a log has about that much left: it is the beginning of a line.
 *
 * @param folder of the log of one attempt
 * @param most bytes from there to the end; less by a line at most
 * @returns the beginning of the log where there is no more of it
 */
export async function placeBeforeEnd(folder: string, most: number): Promise<LogPlace> {
  let left = most;
  for (const file of (await logFileIndexes(folder)).reverse()) {
    const path = logFilePath(folder, file);
    const size = await lstat(path).then(
      (stat) => stat.size,
      // It was removed meanwhile, because the log goes on.
      () => 0,
    );
    if (size > left) return { file, offset: await lineFrom(path, size - left) };
    left -= size;
  }
  return { file: 0, offset: 0 };
}

/** Where the first line begins that does so at `offset` or behind it. */
async function lineFrom(path: string, offset: number): Promise<number> {
  if (offset === 0) return 0;
  const bytes = await readAt(path, offset - 1, LINE_BYTES);
  return offset + Math.max(0, bytes.indexOf(0x0a));
}
