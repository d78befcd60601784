import type { Journal, JournalEntry } from './journal.js';
import { headOf, type JournalRecord, RecordKind, readEventPayload, scanRecords } from './record.js';

/** Walks the visible events of a journal from a position on, one segment in memory at a time. */
export class JournalReader {
  readonly #journal: Journal;
  #from: number;
  #covers = 0;
  #scan: Generator<JournalRecord> | undefined;
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

  /**
   * The next events, in order.
   *
   * @param limit most to return
   * @returns an empty array when all that is visible has been read. `json` views share one segment's bytes
   */
  async next(limit: number): Promise<JournalEntry[]> {
    const out: JournalEntry[] = [];
    while (out.length < limit && this.#from <= this.#journal.shown) {
      if (this.#scan === undefined && !(await this.#openSegment())) break;
      const record = this.#held ?? this.#scan?.next().value;
      this.#held = undefined;
      if (record === undefined) {
        // Everything visible at the snapshot has been seen; positions without a record were withdrawn.
        this.#from = Math.max(this.#from, this.#covers + 1);
        this.#scan = undefined;
        continue;
      }
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

  async #openSegment(): Promise<boolean> {
    for (const segment of this.#journal.table.list) {
      if (segment.first > segment.last || segment.last < this.#from) continue;
      const covers = Math.min(segment.last, this.#journal.shown);
      const bytes = await this.#journal.readSegment(segment);
      if (bytes === undefined) continue;
      this.#covers = covers;
      this.#scan = scanRecords(bytes, 0);
      return true;
    }
    this.#from = Math.max(this.#from, this.#journal.shown + 1);
    return false;
  }
}
