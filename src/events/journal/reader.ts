import type { Journal, JournalEntry } from './journal.js';
import { headOf, type JournalRecord, RECORD_HEADER_BYTES, RecordKind, readEventPayload, recordAt } from './record.js';
import type { Segment } from './segments.js';

/** Bytes that are read from a segment at once: checking them takes well under a millisecond. */
export const PIECE_BYTES = 256 << 10;

/** Where a reader stands in a segment, and what it has in memory of it. */
interface Piece {
  readonly segment: Segment;
  /** Where `bytes` begin in the segment. */
  readonly start: number;
  readonly bytes: Buffer;
  /** Every event up to this position was in the segment when `bytes` were read. */
  readonly covers: number;
  /** Whether the segment had no more bytes. */
  readonly isLast: boolean;
  /** Where the next record begins in `bytes`. */
  at: number;
}

/** Walks the visible events of a journal from a position on. Segments are read in pieces, so that a reader holds little and is never long at work. */
export class JournalReader {
  readonly #journal: Journal;
  #from: number;
  #piece: Piece | undefined;
  #held: JournalRecord | undefined;

  /** @param from the first position to read; positions that are no longer kept are passed over */
  constructor(journal: Journal, from: number) {
    this.#journal = journal;
    this.#from = from;
  }

  /** Position of the next event to read. */
  get position(): number {
    return this.#from;
  }

  /** Bytes of segments in memory. */
  get heldBytes(): number {
    return this.#piece?.bytes.length ?? 0;
  }

  /**
   * The next events, in order.
   *
   * @param limit most to return
   * @param signal when it is aborted, reading stops at the next piece
   * @returns an empty array when all that is visible has been read. `json` views share the bytes of a piece
   */
  async next(limit: number, signal?: AbortSignal): Promise<JournalEntry[]> {
    const out: JournalEntry[] = [];
    while (out.length < limit && this.#from <= this.#journal.shown && signal?.aborted !== true) {
      const record = this.#held ?? (await this.#nextRecord());
      this.#held = undefined;
      if (record === undefined) continue;
      if (record.kind !== RecordKind.Event || record.sequence < this.#from) continue;
      if (record.sequence > this.#journal.shown) {
        this.#held = record;
        break;
      }
      this.#from = record.sequence + 1;
      if (this.#journal.isVoid(record.sequence)) continue;
      const { subject, json } = readEventPayload(record.payload);
      const own = record.sequence > this.#journal.inherited;
      out.push({ sequence: record.sequence, wallMs: record.wallMs, subject, ...headOf(json), own, json });
    }
    return out;
  }

  /** The next record of any kind; `undefined` when a segment was opened, left, or read on, or nothing is left. */
  async #nextRecord(): Promise<JournalRecord | undefined> {
    const piece = this.#piece;
    if (piece === undefined) {
      await this.#openSegment();
      return undefined;
    }
    const record = recordAt(piece.bytes, piece.at);
    if (typeof record === 'object') {
      piece.at = record.end;
      return record;
    }
    if (record === 'incomplete' && !piece.isLast) {
      // Read again from the record's first byte: its beginning may have been written anew meanwhile.
      const left = piece.bytes.subarray(piece.at);
      const length = left.length >= 4 ? RECORD_HEADER_BYTES + left.readUInt32LE(0) : 0;
      this.#piece = await this.#read(piece.segment, piece.start + piece.at, Math.max(PIECE_BYTES, length));
      if (this.#piece !== undefined) return undefined;
    }
    // Everything visible when the piece was read has been seen; positions without a record were withdrawn.
    this.#from = Math.max(this.#from, piece.covers + 1);
    this.#piece = undefined;
    return undefined;
  }

  async #openSegment(): Promise<void> {
    for (const segment of [...this.#journal.table.list]) {
      if (segment.first > segment.last || segment.last < this.#from) continue;
      this.#piece = await this.#read(segment, 0, PIECE_BYTES);
      if (this.#piece !== undefined) return;
    }
    this.#from = Math.max(this.#from, this.#journal.shown + 1);
  }

  async #read(segment: Segment, start: number, length: number): Promise<Piece | undefined> {
    const covers = Math.min(segment.last, this.#journal.shown);
    const bytes = await this.#journal.readAt(segment, start, length);
    return bytes && { segment, start, bytes, covers, isLast: bytes.length < length, at: 0 };
  }
}
