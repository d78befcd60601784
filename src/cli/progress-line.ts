import { duration, size } from './format-event.js';
import type { Io } from './io.js';

/** What a transfer has come to. */
interface TransferProgress {
  readonly mediaMs: number;
  readonly elapsedMs: number;
  readonly bytes: number;
}

/** A line that is written over in a terminal, and nothing elsewhere: a log file needs no hundred of them. */
export class ProgressLine {
  readonly #io: Io;
  readonly #verb: string;
  #shown = false;

  constructor(io: Io, verb: string) {
    this.#io = io;
    this.#verb = verb;
  }

  show(progress: TransferProgress): void {
    if (!this.#io.live) return;
    // \x1b[K clears what a longer line before left behind.
    this.#io.err(`\r${this.#verb}  ${describe(progress)}\x1b[K`);
    this.#shown = true;
  }

  /** Ends the line with what the transfer came to. */
  finish(verb: string, progress: TransferProgress): void {
    this.#io.err(`${this.#shown ? '\r' : ''}${verb}  ${describe(progress)}${this.#shown ? '\x1b[K' : ''}\n`);
  }

  /** Leaves the line as it stands, so that an error starts on a line of its own. */
  abandon(): void {
    if (this.#shown) this.#io.err('\n');
  }
}

function describe({ mediaMs, elapsedMs, bytes }: TransferProgress): string {
  const kbps = elapsedMs > 0 ? Math.round((bytes * 8) / elapsedMs) : 0;
  return `${duration(mediaMs)} of media, ${size(bytes)}, ${kbps} kbit/s`;
}
