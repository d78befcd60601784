import type { LogTarget, WriteError } from './log-target.js';

/** Bounds of a {@link LogWriter}. */
interface LogWriterOptions {
  /** Most bytes of lines that may wait for their reader. A line that does not fit is lost and counted. */
  readonly maxBytes: number;
  /** Time before a reader that took nothing, or a write that failed, is tried again, in ms. */
  readonly retryMs?: number;
}

const RETRY_MS = 100;
/** Bytes that are reserved for the line about lost lines. */
const NOTE_BYTES = 512;
const SLOW = 'lines came faster than they could be written';
/** Most bytes of one write: the capacity of a pipe. */
const WRITE_BYTES = 64 * 1024;
/** How often {@link LogWriter.flushNow} tries a reader that takes nothing, in ms. */
const FLUSH_STEP_MS = 5;

/**
 * Writes log lines without ever waiting. What the reader does not take at once is kept, up to a bound; past the bound,
 * lines are dropped and counted. So a full disk, a closed pipe or a stopped terminal costs lines and never the server.
 * Writing is tried again until it works; then {@link onLost} gets the number of lost lines.
 */
export class LogWriter {
  /** Lines that were dropped since the start. */
  lostLines = 0;
  /**
   * Is called with the number of lost lines, and why, as soon as there is room for a line about it. What it writes
   * stands where the lost lines would have stood.
   */
  onLost: (lines: number, cause: string) => void = () => {};
  readonly #target: LogTarget;
  readonly #options: LogWriterOptions;
  readonly #lines: Buffer[] = [];
  #bytes = 0;
  /** What the last write has left over, or what a write is under way with. */
  #chunk: Buffer | undefined;
  #writing = false;
  #retry: NodeJS.Timeout | undefined;
  #untold = 0;
  #cause = SLOW;
  #idle: (() => void)[] = [];

  constructor(target: LogTarget, options: LogWriterOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** Bytes of lines that wait for their reader. */
  get heldBytes(): number {
    return this.#bytes;
  }

  /** Takes one line, with its line break. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    // After a loss there must be room for the line about it too, which comes first.
    const note = this.#untold > 0 ? NOTE_BYTES : 0;
    if (this.#bytes + bytes.length + note > this.#options.maxBytes) {
      this.lostLines++;
      this.#untold++;
      return;
    }
    this.#tellLost();
    this.#lines.push(bytes);
    this.#bytes += bytes.length;
    if (this.#retry === undefined) this.#pump();
  }

  /**
   * Waits until every line has been written.
   *
   * @param timeoutMs most to wait: the reader may never come back
   * @returns whether nothing is left
   */
  async flush(timeoutMs: number): Promise<boolean> {
    if (this.#bytes === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
      timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
    return this.#bytes === 0;
  }

  /**
   * Writes what is left, without returning to the event loop. For the end of the process.
   *
   * @param timeoutMs longest wait for a reader that takes nothing
   */
  flushNow(timeoutMs: number): void {
    const until = performance.now() + timeoutMs;
    // The thread of the pool finishes the write that is under way; only the bytes after it are written here.
    if (this.#writing) this.#chunk = undefined;
    try {
      for (let chunk = this.#next(); chunk !== undefined; chunk = this.#next()) {
        const written = this.#target.writeNow(chunk);
        this.#took(written);
        if (written > 0) continue;
        if (performance.now() >= until) return;
        Atomics.wait(SLEEP, 0, 0, FLUSH_STEP_MS);
      }
    } catch {
      // The process is ending, so a failure cannot be reported any more.
    }
  }

  #pump(): void {
    this.#retry = undefined;
    for (let chunk = this.#next(); chunk !== undefined && !this.#writing; chunk = this.#next()) {
      this.#writing = true;
      let later = false;
      this.#target.write(chunk, (error, written) => {
        this.#writing = false;
        this.#wrote(error, written);
        if (later && this.#retry === undefined) this.#pump();
      });
      later = true;
      if (this.#writing || this.#retry !== undefined) return;
    }
  }

  #wrote(error: WriteError | undefined, written: number): void {
    this.#took(written);
    if (error !== undefined || written === 0) {
      this.#cause = error === undefined ? 'their reader took nothing' : (error.code ?? error.message);
      this.#retry ??= setTimeout(() => this.#pump(), this.#options.retryMs ?? RETRY_MS).unref();
      return;
    }
    if (this.#bytes > 0) return;
    this.#tellLost();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** The bytes to write now; they stay the same until they are taken. */
  #next(): Buffer | undefined {
    if (this.#chunk !== undefined || this.#lines.length === 0) return this.#chunk;
    let count = 0;
    for (let bytes = 0; count < this.#lines.length; count++) {
      bytes += this.#lines[count]?.length ?? 0;
      if (count > 0 && bytes > WRITE_BYTES) break;
    }
    const lines = this.#lines.splice(0, count);
    this.#chunk = lines.length === 1 ? lines[0] : Buffer.concat(lines);
    return this.#chunk;
  }

  #took(written: number): void {
    const chunk = this.#chunk;
    if (chunk === undefined) return;
    this.#bytes -= written;
    this.#chunk = written < chunk.length ? chunk.subarray(written) : undefined;
  }

  #tellLost(): void {
    if (this.#untold === 0) return;
    const lines = this.#untold;
    this.#untold = 0;
    this.onLost(lines, this.#cause);
    this.#cause = SLOW;
  }
}

const SLEEP = new Int32Array(new SharedArrayBuffer(4));
