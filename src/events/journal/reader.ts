import type { Uncollected } from '../../core/uncollected.js';
import type { WorkTurns } from '../../core/work-turns.js';
import type { Journal, JournalEntry } from './journal.js';
import { headOf, type JournalRecord, RECORD_HEADER_BYTES, RecordKind, readEventPayload, recordAt } from './record.js';
import { offsetBefore, type Segment } from './segments.js';

/** Bytes that are read from a segment at once: checking them takes well under a millisecond. */
export const PIECE_BYTES = 256 << 10;
/**
 * The same for a reader's first piece; each further one is twice as long. A client that asks for all of history and
 * goes away costs little.
 */
const FIRST_PIECE_BYTES = 16 << 10;
/**
 * Work that is done before other work may have its turn of the event loop: so many records that are skipped, or an
 * eighth of them that are returned.
 */
const UNITS = 64;
const UNITS_PUT_OUT = 8;

/** Bounds of readers that clients ask for, in any number. */
interface ReaderBounds {
  /** Bounds what they do in one turn of the event loop: resolves when a piece of work may begin. */
  readonly turns: Pick<WorkTurns, 'mine'>;
  /** Counts memory that they no longer use until it is collected. */
  readonly dropped: Pick<Uncollected, 'letGo'>;
}

/** The place of a reader in a segment, and the part of it in memory. */
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

/**
 * Reads the visible events of a journal from a position on. Segments are read in pieces, so that a reader holds little
 * and never works for long.
 */
export class JournalReader {
  readonly #journal: Journal;
  readonly #bounds: ReaderBounds | undefined;
  #from: number;
  #piece: Piece | undefined;
  #held: JournalRecord | undefined;
  #pieceBytes = FIRST_PIECE_BYTES;
  /** Work since the last turn was asked for. A reader asks before it begins. */
  #units = UNITS;

  /**
   * @param from the first position to read; positions that are no longer kept are skipped
   * @param bounds for readers that clients ask for
   */
  constructor(journal: Journal, from: number, bounds?: ReaderBounds) {
    this.#journal = journal;
    this.#bounds = bounds;
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
   * @returns an empty array when every visible event has been read. `json` views share the bytes of a piece
   */
  async next(limit: number, signal?: AbortSignal): Promise<JournalEntry[]> {
    const out: JournalEntry[] = [];
    while (out.length < limit && this.#from <= this.#journal.shown && signal?.aborted !== true) {
      if (this.#bounds !== undefined && this.#units >= UNITS) {
        this.#units = 0;
        await this.#bounds.turns.mine();
        continue;
      }
      this.#units++;
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
      this.#units += UNITS_PUT_OUT - 1;
      out.push({ sequence: record.sequence, wallMs: record.wallMs, subject, ...headOf(json), own, json });
    }
    return out;
  }

  /** Ends the reading and drops what is in memory. */
  close(): void {
    this.#turnTo(undefined);
  }

  #turnTo(piece: Piece | undefined): void {
    const buffer = this.#piece?.bytes.buffer;
    if (buffer !== undefined) this.#bounds?.dropped.letGo(buffer, buffer.byteLength);
    this.#piece = piece;
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
      // The record is read again from its first byte, because its beginning may have been overwritten meanwhile.
      const left = piece.bytes.subarray(piece.at);
      const length = left.length >= 4 ? RECORD_HEADER_BYTES + left.readUInt32LE(0) : 0;
      this.#turnTo(await this.#read(piece.segment, piece.start + piece.at, length));
      if (this.#piece !== undefined) return undefined;
    }
    // Everything visible when the piece was read has been seen; positions without a record were withdrawn.
    this.#from = Math.max(this.#from, piece.covers + 1);
    this.#turnTo(undefined);
    return undefined;
  }

  async #openSegment(): Promise<void> {
    for (const segment of [...this.#journal.table.list]) {
      if (segment.first > segment.last || segment.last < this.#from) continue;
      this.#turnTo(await this.#read(segment, offsetBefore(segment, this.#from), 0));
      if (this.#piece !== undefined) return;
    }
    this.#from = Math.max(this.#from, this.#journal.shown + 1);
  }

  /** @param atLeast bytes that the next record takes, as far as that is known */
  async #read(segment: Segment, start: number, atLeast: number): Promise<Piece | undefined> {
    const length = Math.max(this.#pieceBytes, atLeast);
    this.#pieceBytes = Math.min(2 * this.#pieceBytes, PIECE_BYTES);
    const covers = Math.min(segment.last, this.#journal.shown);
    const bytes = await this.#journal.readAt(segment, start, length);
    return bytes && { segment, start, bytes, covers, isLast: bytes.length < length, at: 0 };
  }
}
