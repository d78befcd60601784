import { type Columns, History } from './history.js';

/** What was measured of a stream at one moment. */
interface Measured {
  readonly kbpsIn: number;
  readonly kbpsOut?: number | undefined;
  readonly delayMs?: number | undefined;
  readonly players: number;
}

/** Ten minutes, at a moment every two seconds. */
const MOMENTS = 300;
/**
 * Streams that are gone are kept no longer than until so many are there: more than one overview tells, which is the
 * first 1,000, and all of them together.
 */
const STREAMS = 1100;

/** Rates in and out, delay and players of each stream, while the page is open. */
export class StreamHistory {
  readonly #streams = new Map<string, History>();

  /** Adds a moment of one stream. */
  add(streamId: string, timeMs: number, { kbpsIn, kbpsOut, delayMs, players }: Measured): void {
    let history = this.#streams.get(streamId);
    if (history === undefined) {
      if (this.#streams.size >= STREAMS) this.#streams.delete(this.#streams.keys().next().value!);
      history = new History(4, MOMENTS);
      this.#streams.set(streamId, history);
    }
    history.push(timeMs, [kbpsIn, kbpsOut, delayMs, players]);
  }

  /** Keeps only those that live. */
  keep(streamIds: ReadonlySet<string>): void {
    for (const streamId of this.#streams.keys()) if (!streamIds.has(streamId)) this.#streams.delete(streamId);
  }

  /** Rates in and out, delay, players; of a stream that is not known empty. */
  columns(streamId: string): Columns {
    return (this.#streams.get(streamId) ?? new History(4, 1)).columns();
  }
}

/** The one of the page: what the overview saw is there when a stream is opened. */
export const streamHistory = new StreamHistory();
