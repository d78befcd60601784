/** One event of the journal. `json` is immutable shared. */
export interface JournalEntry {
  /** Position in the journal: 1, 2, 3 … */
  readonly sequence: number;
  /** Wall clock of the append, milliseconds since the epoch. */
  readonly wallMs: number;
  readonly subject: string;
  /** Envelope id and type. */
  readonly id: string;
  readonly type: string;
  /** Whether this process wrote it. */
  readonly own: boolean;
  readonly json: Buffer;
}

/** An open stream whose newest full record is deleted with its segment, and the record to write instead. */
export interface CarriedStream {
  readonly json: Buffer;
  /** Called with the journal position of the copy. */
  moved(sequence: number): void;
}

/** Kinds of records that are no event and are appended by others than the journal itself. */
export type NotedKind = 'Boot' | 'Stream' | 'Moved';
