import type { FileHandle } from 'node:fs/promises';
import { rm } from 'node:fs/promises';
import { MAKE_OR_APPEND, openOwn, ownFolder } from '../../core/own-files.js';
import { LOG_FILE_BYTES, LOG_FILES_KEPT, logFileIndexes, logFilePath } from './log-files.js';
import { LogLines } from './log-lines.js';
import { SecretMask } from './secret-mask.js';

/** Most bytes that wait for the disk. What comes beyond is lost, so that a slow disk does not hold up the program. */
const MAX_WAITING_BYTES = 1 << 20;
/** Longest tail, in bytes. */
const MAX_TAIL_BYTES = 2048;
const LINE_FEED = 0x0a;
/** Sequences that set colours, and characters that move the cursor or hide text on a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the purpose
const UNPRINTABLE = /\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * The log of one attempt while it is written: what the program prints, a few lines of the runner's own, secrets masked.
 * On disk the first 1 MiB and at least the last 4 MiB stay. Writing never waits for the disk and never fails: what the
 * disk does not take is counted and lost.
 */
export class JobLog {
  readonly mask: SecretMask;
  readonly #folder: string;
  readonly #onClosed: () => void;
  readonly #outputs: LogLines[] = [];
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #lostBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #file: FileHandle | undefined;
  #index = 0;
  #fileBytes = 0;
  #writing: Promise<void> | undefined;
  #isClosed = false;
  #followers: (() => void)[] = [];

  /**
   * @param folder where its files go; made when the first line is written
   * @param secrets what is masked, see {@link SecretMask}
   * @param onClosed called once when everything is written
   */
  constructor(folder: string, secrets: readonly string[], onClosed: () => void = () => {}) {
    this.#folder = folder;
    this.mask = new SecretMask(secrets);
    this.#onClosed = onClosed;
  }

  /** Number of the file that is written now. */
  get index(): number {
    return this.#index;
  }

  /** Whether no more will come and everything is written. */
  get isComplete(): boolean {
    return this.#isClosed && this.#writing === undefined;
  }

  /** A place for one of the program's outputs. Lines of several outputs do not mix within a line. */
  output(): LogLines {
    const lines = new LogLines(this.mask, (block) => this.#take(block));
    this.#outputs.push(lines);
    return lines;
  }

  /** Writes a line of the runner's own, marked as such. */
  note(text: string): void {
    const lines = new LogLines(this.mask, (block) => this.#take(block));
    lines.push(Buffer.from(`[sluice] ${text}`));
    lines.end();
  }

  /** The last lines as text that can be shown, at most 2 KiB of UTF-8. */
  tail(): string {
    const last = Buffer.concat(this.#tail, this.#tailBytes).subarray(-2 * MAX_TAIL_BYTES);
    // What is no UTF-8 becomes three bytes for each that was wrong, so the text is measured after that.
    const bytes = Buffer.from(last.toString('utf8').replace(UNPRINTABLE, '').trimEnd(), 'utf8');
    if (bytes.length <= MAX_TAIL_BYTES && this.#tailBytes <= last.length) return bytes.toString('utf8');
    let from = Math.max(0, bytes.length - MAX_TAIL_BYTES);
    while (from < bytes.length && (bytes[from]! & 0xc0) === 0x80) from += 1;
    // A line whose beginning is missing is left out, unless it is the only one.
    return bytes.subarray(Math.max(from, bytes.indexOf(LINE_FEED, from) + 1)).toString('utf8');
  }

  /** Takes no more lines. Resolves when everything is written, or the disk refused it. May be called again. */
  async close(): Promise<void> {
    if (!this.#isClosed) {
      for (const output of this.#outputs) output.end();
      this.#isClosed = true;
      this.#writing ??= this.#write();
    }
    await this.#writing;
  }

  /** Resolves when more is written, or the log is complete. */
  whenGrown(): Promise<void> {
    if (this.isComplete) return Promise.resolve();
    return new Promise((resolve) => this.#followers.push(resolve));
  }

  /** @param lines one or several, each with its end */
  #take(lines: Buffer): void {
    if (this.#isClosed || lines.length === 0) return;
    this.#tail.push(lines);
    this.#tailBytes += lines.length;
    while (this.#tailBytes - this.#tail[0]!.length >= 2 * MAX_TAIL_BYTES) {
      this.#tailBytes -= this.#tail.shift()!.length;
    }
    if (this.#waitingBytes + lines.length > MAX_WAITING_BYTES) {
      this.#lostBytes += lines.length;
      return;
    }
    this.#waiting.push(lines);
    this.#waitingBytes += lines.length;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    // Lines that are printed in the same turn are written together.
    await Promise.resolve();
    while (this.#waiting.length > 0 || this.#lostBytes > 0) {
      const blocks = this.#waiting;
      const bytes = this.#waitingBytes + this.#lostBytes;
      if (this.#lostBytes > 0) blocks.push(Buffer.from(`[sluice] ${this.#lostBytes} bytes were lost here\n`));
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#lostBytes = 0;
      try {
        await this.#append(blocks);
      } catch {
        // The folder or the disk takes nothing now. The run goes on, and later lines may find room.
        if (this.#isClosed) break;
        this.#lostBytes += bytes;
        await this.#closeFile();
        await new Promise((resolve) => setTimeout(resolve, 1000).unref());
      }
      this.#wake();
    }
    if (this.#isClosed) await this.#closeFile();
    this.#writing = undefined;
    if (this.#isClosed) this.#onClosed();
    this.#wake();
  }

  async #append(blocks: readonly Buffer[]): Promise<void> {
    for (let rest = Buffer.concat(blocks); rest.length > 0; ) {
      this.#file ??= await this.#open();
      const room = LOG_FILE_BYTES - this.#fileBytes;
      const fits = rest.length <= room ? rest.length : room <= 0 ? 0 : rest.lastIndexOf(LINE_FEED, room - 1) + 1;
      if (fits > 0) {
        await this.#file.appendFile(rest.subarray(0, fits));
        this.#fileBytes += fits;
        rest = rest.subarray(fits);
      }
      if (rest.length > 0) await this.#nextFile();
    }
  }

  /** Opens the current file; behind what an earlier log of the same attempt left. */
  async #open(): Promise<FileHandle> {
    await ownFolder(this.#folder);
    if (this.#index === 0) this.#index = (await logFileIndexes(this.#folder)).at(-1) ?? 0;
    const file = await openOwn(logFilePath(this.#folder, this.#index), MAKE_OR_APPEND);
    this.#fileBytes = (await file.stat()).size;
    return file;
  }

  async #nextFile(): Promise<void> {
    await this.#closeFile();
    this.#index += 1;
    this.#fileBytes = 0;
    const old = this.#index - LOG_FILES_KEPT;
    if (old > 0) await rm(logFilePath(this.#folder, old), { force: true });
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
  }

  #wake(): void {
    const followers = this.#followers;
    this.#followers = [];
    for (const wake of followers) wake();
  }
}
