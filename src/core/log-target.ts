import { closeSync, constants, fstatSync, openSync, write, writeSync } from 'node:fs';

/** A failure as the system reports it, with its code (`ENOSPC`, `EPIPE`, …). */
export type WriteError = NodeJS.ErrnoException;

/** The place to which log lines are written. No call waits for a reader or a disk. */
export interface LogTarget {
  /**
   * Writes as much of `bytes` as is taken at once and says how much that was: 0 when the reader takes nothing now.
   * `done` is called once, within the call or later. `bytes` are borrowed until then.
   */
  write(bytes: Buffer, done: (error: WriteError | undefined, written: number) => void): void;
  /** Does the same without a callback, for the end of the process. @throws WriteError */
  writeNow(bytes: Buffer): number;
}

/**
 * Opens standard error for lines. The kind of file decides how it can be written to without waiting:
 *
 * - A pipe, terminal or device is opened a second time as non-blocking. The flag belongs to the open file, which this
 *   process shares with others (a shell, for example), so it must not be set on the first one.
 * - Writes to a file are made in a thread of the pool, because a disk may be slow.
 * - A socket, and a pipe that cannot be opened again, is written to by Node's own stream.
 */
export function openStderr(): LogTarget {
  const stat = fstatSync(2);
  if (stat.isFile()) return fileTarget(2);
  if (!stat.isSocket()) {
    const fd = openAgain();
    if (fd !== undefined) return nonBlockingTarget(fd);
  }
  return streamTarget(process.stderr);
}

function openAgain(): number | undefined {
  const { O_WRONLY, O_NONBLOCK, O_APPEND, O_NOCTTY } = constants;
  try {
    return openSync('/proc/self/fd/2', O_WRONLY | O_NONBLOCK | O_APPEND | O_NOCTTY);
  } catch {
    return undefined;
  }
}

/** A descriptor that answers EAGAIN instead of waiting. The target owns it. */
export function nonBlockingTarget(fd: number): LogTarget & { close(): void } {
  const writeNow = (bytes: Buffer): number => {
    try {
      return writeSync(fd, bytes);
    } catch (error) {
      if ((error as WriteError).code === 'EAGAIN') return 0;
      throw error;
    }
  };
  return {
    writeNow,
    write: (bytes, done) => {
      let written = 0;
      try {
        written = writeNow(bytes);
      } catch (error) {
        done(error as WriteError, 0);
        return;
      }
      done(undefined, written);
    },
    close: () => closeSync(fd),
  };
}

/** A regular file. */
export function fileTarget(fd: number): LogTarget {
  return {
    writeNow: (bytes) => writeSync(fd, bytes),
    write: (bytes, done) =>
      write(fd, bytes, 0, bytes.length, null, (error, written) => done(error ?? undefined, written)),
  };
}

/** A stream of Node. It keeps what its reader does not take; bytes count as written only when the reader has them. */
export function streamTarget(stream: NodeJS.WritableStream & { readonly destroyed?: boolean }): LogTarget {
  // An `error` event without a listener would end the process. The callback of each write is told of the failure as
  // well.
  stream.on('error', () => {});
  return {
    writeNow: (bytes) => {
      if (stream.destroyed === true) throw Object.assign(new Error('the stream is closed'), { code: 'EPIPE' });
      stream.write(bytes);
      return bytes.length;
    },
    write: (bytes, done) => {
      stream.write(bytes, (error) => done(error ?? undefined, error ? 0 : bytes.length));
    },
  };
}
