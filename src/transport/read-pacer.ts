import type { Publication } from '../hub/publication.js';

/** A read of so many bytes shows that the kernel's buffer is filling up. */
const HASTE_BYTES = 32_768;

/** Something whose reading has stopped and can go on. */
export interface PacedReader {
  /** Goes on reading; does nothing once it is closed. */
  resumeReads(): void;
}

/**
 * The beat at which streams without players are read. A read costs by the call, not by the byte, as a write does: when nobody waits
 * for the media, what comes within one beat is left in the kernel and read at once. All readers share one timer, which
 * runs only while some wait.
 */
export class ReadPacer {
  readonly #beatMs: number;
  #waiting: PacedReader[] = [];
  #resumed: PacedReader[] = [];
  readonly #onBeat = (): void => this.#beat();

  /** @param beatMs milliseconds between two reads of a socket; 0 turns pacing off */
  constructor(beatMs: number) {
    this.#beatMs = beatMs;
  }

  /**
   * Takes `reader` in until the next beat when nobody waits for what it reads next: its stream is known, has no players, and the
   * last read of `count` bytes does not show that the kernel's buffer is filling up.
   *
   * @returns whether the reader must stop reading now
   */
  hold(reader: PacedReader, stream: Pick<Publication, 'readyMs' | 'players'>, count: number): boolean {
    if (this.#beatMs === 0 || count >= HASTE_BYTES || stream.readyMs === undefined || stream.players.size > 0)
      return false;
    if (this.#waiting.length === 0) setTimeout(this.#onBeat, this.#beatMs);
    this.#waiting.push(reader);
    return true;
  }

  #beat(): void {
    const due = this.#waiting;
    this.#waiting = this.#resumed;
    this.#resumed = due;
    for (const reader of due) reader.resumeReads();
    due.length = 0;
  }
}
