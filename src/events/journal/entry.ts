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

/** An open stream whose newest full record goes with its segment, and what to write instead. */
export interface CarriedStream {
  readonly json: Buffer;
  /** Told the journal position that the copy belongs to. */
  moved(sequence: number): void;
}
