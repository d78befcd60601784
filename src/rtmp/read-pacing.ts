import type { PacedReader } from '../hub/audience.js';
import type { Publication } from '../hub/publication.js';

/** A read of so many bytes shows that the kernel's buffer is filling up. */
const HASTE_BYTES = 32_768;

/**
 * When streams are read. A read costs by the call, not by the byte, as a write does: what nobody waits for is left in the kernel and read
 * at once. A stream without players is read on a beat, one with few players when it is their turn; both only where that makes reads
 * rarer. All readers on the beat share one timer, which runs only while some wait.
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
   * Takes `reader` in until the next beat, or until the turn of its stream's players, when nobody waits for what it reads next: its stream
   * is known, and the last read of `count` bytes does not show that the kernel's buffer is filling up.
   *
   * @returns whether the reader must stop reading now
   */
  hold(reader: PacedReader, stream: Pick<Publication, 'readyMs' | 'players' | 'audience'>, count: number): boolean {
    if (this.#beatMs === 0 || stream.readyMs === undefined) return false;
    if (stream.players.size > 0) return stream.audience.hold(reader, count, this.#beatMs);
    if (count >= HASTE_BYTES) return false;
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
