import { duration, size } from '../core/quantities.js';
import type { Io } from './io.js';

/** The state of a transfer. */
interface TransferProgress {
  readonly mediaMs: number;
  readonly elapsedMs: number;
  readonly bytes: number;
}

/**
 * A line that is written over in a terminal. Elsewhere nothing is written: a log file does not need hundreds of them.
 */
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
    // \x1b[K clears what a longer line has left.
    this.#io.err(`\r${this.#verb}  ${describe(progress)}\x1b[K`);
    this.#shown = true;
  }

  /** Ends the line with the result of the transfer. */
  finish(verb: string, progress: TransferProgress): void {
    this.#io.err(`${this.#shown ? '\r' : ''}${verb}  ${describe(progress)}${this.#shown ? '\x1b[K' : ''}\n`);
  }

  /** Leaves the line as it is, so that an error starts on a line of its own. */
  abandon(): void {
    if (this.#shown) this.#io.err('\n');
  }
}

function describe({ mediaMs, elapsedMs, bytes }: TransferProgress): string {
  const kbps = elapsedMs > 0 ? Math.round((bytes * 8) / elapsedMs) : 0;
  return `${duration(mediaMs)} of media, ${size(bytes)}, ${kbps} kbit/s`;
}
