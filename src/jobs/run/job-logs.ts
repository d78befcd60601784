import { join } from 'node:path';
import { openOwn } from '../../core/own-files.js';
import { JobLog } from './job-log.js';
import { placeBeforeEnd } from './log-end.js';
import {
  attemptNumbers,
  jobFolderName,
  type LogPlace,
  logFileIndexes,
  logFilePath,
  readAt,
  sweepLogs,
} from './log-files.js';

/** Bytes that are read at once. */
const READ_BYTES = 64 * 1024;
/** After so many new logs the old ones are swept, besides the times that the owner chooses. */
const SWEEP_EVERY = 32;

/** Where logs are kept, and how long. */
interface JobLogsOptions {
  /** `<data>/jobs/logs`; made when the first line is written. */
  readonly folder: string;
  /** How long a log is kept after its last line (`jobs.logKeepMs`), in ms. */
  readonly keepMs: number;
  /** Most bytes of all logs together; the oldest go first. */
  readonly maxBytes: number;
  /** Wall clock, milliseconds since the epoch, as the times of files. */
  readonly wallMs: () => number;
}

/** The beginning of every log. */
export const LOG_BEGIN: LogPlace = { file: 0, offset: 0 };

/** A piece of a log. */
interface LogPiece {
  /** Empty: there is no more now. */
  readonly bytes: Buffer;
  /** Where the next piece begins. */
  readonly next: LogPlace;
  /** Whether the attempt is over, and all of its log was read. */
  readonly isEnd: boolean;
}

/** The logs of all attempts that ran here. */
export class JobLogs {
  readonly #options: JobLogsOptions;
  readonly #open = new Map<string, JobLog>();
  #sweeping: Promise<void> | undefined;
  #opened = 0;

  constructor(options: JobLogsOptions) {
    this.#options = options;
  }

  /**
   * Begins the log of an attempt. The caller closes it.
   *
   * @param secrets what is masked in it
   */
  open(jobId: string, attempt: number, secrets: readonly string[]): JobLog {
    const folder = this.#folderOf(jobId, attempt);
    const log = new JobLog(folder, secrets, () => {
      if (this.#open.get(folder) === log) this.#open.delete(folder);
    });
    this.#open.set(folder, log);
    this.#opened += 1;
    if (this.#opened % SWEEP_EVERY === 0) void this.sweep();
    return log;
  }

  /** The attempts at a job of which there are logs here, in order. */
  attempts(jobId: string): Promise<number[]> {
    return attemptNumbers(join(this.#options.folder, jobFolderName(jobId)));
  }

  /**
   * Reads a log from its beginning, in chunks of at most 64 KiB; a line says where its middle was left out. Text is as
   * the program printed it: whoever shows it on a terminal has to clean it.
   *
   * @param options.follow whether to go on until the attempt is over
   * @param options.signal ends following
   * @returns nothing when there is no such log
   */
  async *read(
    jobId: string,
    attempt: number,
    options: { readonly follow?: boolean; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<Buffer, void> {
    const folder = this.#folderOf(jobId, attempt);
    let index = -1;
    let offset = 0;
    while (options.signal?.aborted !== true) {
      const log = this.#open.get(folder);
      // These are asked for before reading: what is written meanwhile is read in the next round.
      const isComplete = log === undefined || log.isComplete;
      const grown = log?.whenGrown();
      const indexes = await logFileIndexes(folder);
      for (const next of indexes.filter((each) => each >= index)) {
        if (next > index) {
          if (next > index + 1) yield ownLine('the middle of the log was left out here');
          index = next;
          offset = 0;
        }
        for await (const chunk of readFrom(logFilePath(folder, next), offset)) {
          offset += chunk.length;
          yield chunk;
        }
      }
      if (isComplete || options.follow !== true) return;
      await untilAborted(grown, options.signal);
    }
  }

  /**
   * Reads a piece of a log, in whole lines.
   *
   * @param from where; {@link LOG_BEGIN} or `next` of the piece before
   * @param most bytes of the piece
   * @returns undefined when there is no such log
   */
  async piece(jobId: string, attempt: number, from: LogPlace, most: number): Promise<LogPiece | undefined> {
    const folder = this.#folderOf(jobId, attempt);
    const log = this.#open.get(folder);
    const isComplete = log === undefined || log.isComplete;
    const indexes = (await logFileIndexes(folder)).filter((index) => index >= from.file);
    let at = from;
    for (const [i, index] of indexes.entries()) {
      if (index > at.file) {
        const note = 'the middle of the log was left out here';
        if (index > at.file + 1 || i === 0)
          return { bytes: ownLine(note), next: { file: index, offset: 0 }, isEnd: false };
        at = { file: index, offset: 0 };
      }
      const bytes = wholeLines(await readAt(logFilePath(folder, index), at.offset, most), most, isComplete);
      if (bytes.length > 0) return { bytes, next: { file: index, offset: at.offset + bytes.length }, isEnd: false };
    }
    if (indexes.length === 0 && from.file === 0 && from.offset === 0 && log === undefined) return undefined;
    return { bytes: Buffer.alloc(0), next: at, isEnd: isComplete };
  }

  /**
   * The place from which a log has about that much left: it is the beginning of a line.
   *
   * @param most bytes from there to the end; less by a line at most
   * @returns the beginning of the log where there is no more of it
   */
  beforeEnd(jobId: string, attempt: number, most: number): Promise<LogPlace> {
    return placeBeforeEnd(this.#folderOf(jobId, attempt), most);
  }

  /** Resolves when more of a log is written; at once when nobody writes it. */
  grown(jobId: string, attempt: number): Promise<void> {
    return this.#open.get(this.#folderOf(jobId, attempt))?.whenGrown() ?? Promise.resolve();
  }

  /** Removes logs that are too old or too many. To be called at the start and now and then. Never rejects. */
  sweep(): Promise<void> {
    this.#sweeping ??= sweepLogs(this.#options.folder, {
      keepMs: this.#options.keepMs,
      maxBytes: this.#options.maxBytes,
      nowMs: this.#options.wallMs(),
      isOpen: (folder) => this.#open.has(folder),
    })
      // What could not be removed now is tried again by the next sweep.
      .catch(() => undefined)
      .finally(() => {
        this.#sweeping = undefined;
      });
    return this.#sweeping;
  }

  #folderOf(jobId: string, attempt: number): string {
    return join(this.#options.folder, jobFolderName(jobId), String(attempt));
  }
}

/** A line of the runner's own. */
function ownLine(text: string): Buffer {
  return Buffer.from(`[sluice] ${text}\n`);
}

/**
 * Bytes without the line at their end that may not be whole: the piece ends in it, or it is being written. A line that
 * is longer than a piece is cut.
 */
function wholeLines(bytes: Buffer, most: number, isComplete: boolean): Buffer {
  if (isComplete && bytes.length < most) return bytes;
  const end = bytes.lastIndexOf(0x0a) + 1;
  return end === 0 && bytes.length === most ? bytes : bytes.subarray(0, end);
}

/** Reads a file from a place to its end; nothing when it has gone. */
async function* readFrom(path: string, from: number): AsyncGenerator<Buffer, void> {
  const file = await openOwn(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    for (let offset = from; ; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, offset);
      if (bytesRead === 0) return;
      offset += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function untilAborted(grown: Promise<void> | undefined, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return grown;
  if (signal.aborted) return;
  let onAbort = (): void => {};
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve;
    signal.addEventListener('abort', onAbort, { once: true });
  });
  await Promise.race([grown, aborted]);
  signal.removeEventListener('abort', onAbort);
}
