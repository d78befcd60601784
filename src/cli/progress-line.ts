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
  readonly #ofMs: number | undefined;
  #shown = false;

  /** @param ofMs media time at which the transfer is over, where that is known */
  constructor(io: Io, verb: string, ofMs?: number) {
    this.#io = io;
    this.#verb = verb;
    this.#ofMs = ofMs;
  }

  show(progress: TransferProgress): void {
    if (!this.#io.live) return;
    // \x1b[K clears what a longer line has left.
    this.#io.err(`\r${this.#verb}  ${describe(progress, this.#ofMs)}\x1b[K`);
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

function describe({ mediaMs, elapsedMs, bytes }: TransferProgress, ofMs?: number): string {
  const whole = ofMs === undefined ? '' : ` of ${duration(ofMs)}`;
  const kbps = elapsedMs > 0 ? Math.round((bytes * 8) / elapsedMs) : 0;
  return `${duration(mediaMs)}${whole} of media, ${size(bytes)}, ${kbps} kbit/s`;
}
