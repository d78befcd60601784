import { timeOfId } from '../../core/ids.js';
import type { Journal } from './journal.js';
import { JournalReader, PIECE_BYTES } from './reader.js';
import type { Segment } from './segments.js';

/** The form of an event id: a ULID, then a number or a word. No other text is searched for. */
const EVENT_ID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}:[A-Za-z0-9_.-]{1,32}$/;
/** Most bytes that one search reads, newest first. */
const SEARCH_BYTES = 256 << 20;
/** An id is made before its events are written, but the wall clock may have been set back between the two. */
const CLOCK_MARGIN_MS = 3_600_000;
const VERIFY_PAGE = 64;

/**
 * Finds the positions of event ids in the segments. The time in the id says which segments can hold it. They are
 * searched newest first, in pieces, with turns of the event loop between them. One search runs at a time and the others
 * wait for it, so that all of them together hold one piece and take the time of one.
 */
export class IdSearch {
  readonly #journal: Journal;
  #last: Promise<unknown> = Promise.resolve();
  #heldBytes = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Bytes of segments in memory. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * @param id any text that a client gives
   * @param nowMs wall clock, milliseconds since the epoch
   * @param signal when it is aborted, the search stops at the next piece
   * @returns the event's position; `undefined` when it is not held, or when `signal` was aborted
   */
  find(id: string, nowMs: number, signal?: AbortSignal): Promise<number | undefined> {
    if (!EVENT_ID.test(id)) return Promise.resolve(undefined);
    const madeMs = timeOfId(id) - CLOCK_MARGIN_MS;
    if (madeMs > nowMs) return Promise.resolve(undefined);
    const search = this.#last.then(() => this.#find(id, madeMs, signal));
    this.#last = search.catch(() => undefined);
    return search;
  }

  async #find(id: string, madeMs: number, signal: AbortSignal | undefined): Promise<number | undefined> {
    const segments = this.#journal.table.list.filter(
      ({ first, last, lastWallMs }) => first <= last && lastWallMs >= madeMs,
    );
    let left = SEARCH_BYTES;
    try {
      for (const segment of segments.reverse()) {
        if (signal?.aborted === true || left <= 0) return undefined;
        left -= segment.bytes;
        if (!(await this.#mentions(segment, id, signal))) continue;
        const position = await this.#verify(segment, id, signal);
        if (position !== undefined) return position;
      }
      return undefined;
    } finally {
      this.#heldBytes = 0;
    }
  }

  /**
   * Whether the id is anywhere in a segment. Records are not read for this, and nothing is checked, which is 20 times
   * faster.
   */
  async #mentions(segment: Segment, id: string, signal: AbortSignal | undefined): Promise<boolean> {
    const wanted = Buffer.from(`"id":"${id}"`, 'latin1');
    for (let at = 0; signal?.aborted !== true; ) {
      const bytes = await this.#journal.readAt(segment, at, PIECE_BYTES);
      this.#heldBytes = bytes?.length ?? 0;
      if (bytes === undefined) return false;
      if (bytes.includes(wanted)) return true;
      if (bytes.length < PIECE_BYTES) return false;
      // The id may lie across the border of two pieces.
      at += bytes.length - wanted.length;
      await turn();
    }
    return false;
  }

  /** The position of the event with that id. The data of a publisher may hold the same text. */
  async #verify(segment: Segment, id: string, signal: AbortSignal | undefined): Promise<number | undefined> {
    const reader = new JournalReader(this.#journal, segment.first);
    while (reader.position <= segment.last) {
      const page = await reader.next(VERIFY_PAGE, signal);
      this.#heldBytes = reader.heldBytes;
      const found = page.find((entry) => entry.id === id);
      if (found !== undefined) return found.sequence;
      if (page.length === 0) return undefined;
      await turn();
    }
    return undefined;
  }
}

/** Lets the event loop do everything else that is due. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
