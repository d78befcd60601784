import type { PacedReader } from '../hub/audience.js';

/**
 * So many turns of the event loop bring out what the kernel knows of a socket: bytes that wait, then their end, then the end of our own
 * side and the close. On Linux an orderly close behind bytes takes three; the rest is for bytes that fill the buffer more than once.
 */
const TURNS = 8;

/**
 * Reads a connection before it is due. Reads are paced where nobody waits for the bytes, but the end of a connection is read like bytes
 * are: whoever decides by it has to have it read first.
 */
export class PromptRead {
  #running = 0;

  /** Whether reads must not be paced now: behind what waits there may be the end. */
  get running(): boolean {
    return this.#running > 0;
  }

  /**
   * Reads what is there. Calls may overlap.
   *
   * @param reader undefined when something else holds its reads up and will let them go on
   * @param isOver asked before each turn: nothing more is to be found out
   * @returns resolves a few turns of the event loop later, or once it is over
   */
  async now(reader: PacedReader | undefined, isOver: () => boolean): Promise<void> {
    this.#running++;
    reader?.resumeReads();
    for (let turn = 0; turn < TURNS && !isOver(); turn++) await new Promise((next) => setImmediate(next));
    this.#running--;
  }
}
