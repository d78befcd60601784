import { closeSync, openSync, readSync } from 'node:fs';
import { SluiceError } from '../../core/errors.js';
import { MOST_FILE_BYTES, type TemplateFile } from './parse.js';

/**
 * Reads files of job templates, each at most 1 MiB.
 *
 * @throws SluiceError ERR_JOB_TEMPLATES_UNREADABLE for the first that cannot be read
 */
export function readTemplateFiles(paths: readonly string[]): TemplateFile[] {
  return paths.map((path) => ({ name: path, text: textOf(path) }));
}

function textOf(path: string): string {
  let bytes: Buffer;
  try {
    bytes = firstBytes(path, MOST_FILE_BYTES + 1);
  } catch (error) {
    throw unreadable(`${path} ${(error as NodeJS.ErrnoException).code ?? ''}`.trim(), error);
  }
  if (bytes.length > MOST_FILE_BYTES) throw unreadable(`${path} has more than ${MOST_FILE_BYTES} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw unreadable(`${path} is no UTF-8`, error);
  }
}

/** The beginning of a file, which may be one without an end, such as a device. */
function firstBytes(path: string, most: number): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(most);
    let length = 0;
    for (let count = -1; count !== 0 && length < most; length += count) {
      count = readSync(descriptor, bytes, length, most - length, null);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

function unreadable(detail: string, cause?: unknown): SluiceError {
  return new SluiceError('ERR_JOB_TEMPLATES_UNREADABLE', detail, { cause });
}
