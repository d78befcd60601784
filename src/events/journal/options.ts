import { SluiceError } from '../../core/errors.js';

/** When written records are made to survive a power loss. A killed process loses nothing under any of them. */
export type FsyncPolicy = 'interval' | 'always' | 'never';

/** Settings of a {@link Journal}. Sizes in bytes, times in milliseconds. */
export interface JournalOptions {
  /** Most bytes that segments and the reserved space may take together. */
  readonly maxBytes: number;
  /** A segment is closed when it has grown past this. */
  readonly segmentBytes: number;
  /** Committed segments are kept for the log until they take more than this … */
  readonly historyBytes: number;
  /** … or their last record is older than this. */
  readonly historyMs: number;
  readonly fsync: FsyncPolicy;
  readonly fsyncIntervalMs: number;
  /** Bytes that are reserved for each open stream, so that a full disk never costs an end. */
  readonly reservePerStream: number;
  /** Whether events wait for a commit. Without a bus they count as committed when written. */
  readonly bus: boolean;
}

/**
 * Settings for a journal of at most `maxBytes`.
 *
 * @param maxBytes see {@link JournalOptions.maxBytes}
 * @param overrides anything that shall differ from the defaults
 */
export function journalOptions(maxBytes: number, overrides: Partial<JournalOptions> = {}): JournalOptions {
  return {
    maxBytes,
    segmentBytes: Math.max(64 << 10, Math.min(8 << 20, Math.floor(maxBytes / 16))),
    historyBytes: Math.floor(maxBytes / 4),
    historyMs: 7 * 24 * 3_600_000,
    fsync: 'interval',
    fsyncIntervalMs: 50,
    reservePerStream: 4096,
    bus: true,
    ...overrides,
  };
}

/** Whether the journal takes records: `full` at its cap or on a full disk, `failed` on another write error. */
export type JournalState = 'ok' | 'full' | 'failed' | 'closed';

/** Bytes to reserve for the ends of that many open streams, in steps, so that not every stream resizes the file. */
export function spaceToHold(options: JournalOptions, openStreams: number): number {
  const granule = Math.max(16 << 10, Math.min(256 << 10, Math.floor(options.maxBytes / 64)));
  return Math.ceil((openStreams * options.reservePerStream) / granule) * granule + granule;
}

/** Why a start is refused in that state. */
export function refusalOf(state: JournalState, cause: string): SluiceError {
  if (state === 'closed') return new SluiceError('ERR_EVENTS_CLOSED');
  return new SluiceError(state === 'failed' ? 'ERR_EVENTS_JOURNAL_FAILED' : 'ERR_EVENTS_JOURNAL_FULL', cause);
}

/** The figures of a journal: sizes in bytes, and counts. */
export type JournalStats = Record<'bytes' | 'pending' | 'queuedBytes' | 'segments' | 'reservedBytes', number> & {
  state: JournalState;
  cause: string;
};
