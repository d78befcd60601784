import type { Logger } from '../core/log.js';
import type { Backlog } from './backlog.js';
import type { CursorFile } from './cursor-file.js';

/** How long a change may stay unwritten, in ms. A killed process repeats what it has delivered meanwhile. */
const WRITE_MS = 100;
/** Pause after a failed write. */
const AGAIN_MS = 1000;

/** Writes the cursor of a webhook as it changes: not with each event, one write at a time. */
export class CursorWriter {
  readonly #file: CursorFile;
  readonly #backlog: Backlog;
  readonly #log: Logger;
  #written = -1;
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();
  #hasFailed = false;
  #holds = 0;

  constructor(file: CursorFile, backlog: Backlog, log: Logger) {
    this.#file = file;
    this.#backlog = backlog;
    this.#log = log;
  }

  /** The backlog may have changed: it is written soon. */
  touch(): void {
    if (this.#timer !== undefined || this.#backlog.changes === this.#written) return;
    this.#timer = setTimeout(() => void this.now(), this.#hasFailed ? AGAIN_MS : WRITE_MS).unref();
  }

  /** Writes what has changed. Never rejects. */
  now(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = this.#last.then(() => this.#write());
    return this.#last;
  }

  /** Writes nothing while `work` runs, and what it has changed then: a kill within it leaves the former state. */
  async after(work: () => Promise<void>): Promise<void> {
    this.#holds++;
    try {
      await this.#last;
      await work();
    } finally {
      this.#holds--;
      await this.now();
    }
  }

  async #write(): Promise<void> {
    const { changes } = this.#backlog;
    if (changes === this.#written || this.#holds > 0) return;
    try {
      await this.#file.write(this.#backlog.state);
      this.#written = changes;
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed)
        this.#log.error({ err: error }, 'the cursor of a webhook cannot be written; after a kill it repeats events');
      this.#hasFailed = true;
      this.touch();
    }
  }
}
