import type { Audience, PacedReader } from '../hub/audience.js';

/** A read of this many bytes shows that the kernel's buffer is filling up. */
const HASTE_BYTES = 32_768;
/**
 * After so many turns of the event loop, everything that the kernel knows of a socket has been seen: bytes that wait,
 * then their end, then the end of the own side and the close. On Linux an orderly close behind bytes takes three; the
 * rest is for bytes that fill the buffer more than once.
 */
const TURNS = 8;

/** What of a publication says whether its reads may wait. */
interface PacedStream {
  readonly readyMs: number | undefined;
  readonly audience: Pick<Audience, 'size' | 'hold'>;
}

/**
 * Decides when streams are read. A read costs by the call, not by the byte, as a write does: bytes for which no player
 * waits stay in the kernel and are read together. A stream without players is read at a fixed interval, one with few
 * players when it is their turn; both only where that makes reads rarer. All readers of the interval share one timer,
 * which runs only while some wait.
 */
export class ReadPacer {
  readonly #beatMs: number;
  #waiting: PacedReader[] = [];
  #resumed: PacedReader[] = [];
  readonly #onBeat = (): void => this.#beat();

  /** @param beatMs time between two reads of a socket, in ms; 0 turns pacing off */
  constructor(beatMs: number) {
    this.#beatMs = beatMs;
  }

  /**
   * Stops `reader` until the next interval, or until the turn of its stream's players, when no player waits for its
   * next bytes: its stream is known, and the last read of `count` bytes does not show that the kernel's buffer is
   * filling up.
   *
   * @returns whether the reader must stop reading now
   */
  hold(reader: PacedReader, stream: PacedStream, count: number): boolean {
    if (this.#beatMs === 0 || stream.readyMs === undefined) return false;
    if (stream.audience.size > 0) return stream.audience.hold(reader, count, this.#beatMs);
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

/**
 * The reads of one connection, as a {@link ReadPacer} allows them. They are not paced while a decision depends on
 * whether the connection is at its end: the end is read like bytes are, so it has to be read first.
 */
export class PacedReads {
  readonly #pacer: ReadPacer;
  readonly #reader: PacedReader;
  /** How many calls of {@link readNow} are under way. */
  #prompt = 0;

  /** @param reader does nothing when something else holds its reads up, which lets them go on later */
  constructor(pacer: ReadPacer, reader: PacedReader) {
    this.#pacer = pacer;
    this.#reader = reader;
  }

  /**
   * Whether reading must stop now, because no player waits for the next bytes.
   *
   * @param stream what the connection publishes, when nothing else runs on it
   * @param count bytes of the last read; 0: it has not read since the last call
   */
  mustWait(stream: PacedStream | undefined, count: number): boolean {
    if (stream === undefined || count === 0 || this.#prompt > 0) return false;
    return this.#pacer.hold(this.#reader, stream, count);
  }

  /**
   * Reads what is there before it is due. Calls may overlap.
   *
   * @param isOver asked before each turn of the event loop: nothing more is to be found out
   * @returns resolves a few turns later, or once it is over
   */
  async readNow(isOver: () => boolean): Promise<void> {
    this.#prompt++;
    try {
      this.#reader.resumeReads();
      for (let turn = 0; turn < TURNS && !isOver(); turn++) await new Promise((next) => setImmediate(next));
    } finally {
      this.#prompt--;
    }
  }
}
