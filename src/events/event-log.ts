import { SluiceError } from '../core/errors.js';
import type { SluiceEvent } from './event-types.js';
import type { Journal, JournalEntry } from './journal/journal.js';
import { JournalReader } from './journal/reader.js';

/** One event of the log. */
export interface LogEntry {
  /** Envelope id; what `Last-Event-ID` names. */
  readonly id: string;
  readonly type: string;
  /** Journal position: grows by time of writing. */
  readonly position: number;
  readonly wallMs: number;
  /** The event's JSON as JetStream stores it; immutable shared. */
  readonly json: Buffer;
}

/** Where to begin: behind the event with an id, at a time (milliseconds since the epoch), at the oldest kept, or with what comes next. */
export type LogCursor = { readonly afterId: string } | { readonly sinceMs: number } | 'oldest' | 'now';

const PAGE = 512;
/** A follower this far behind is sent to the files again instead of being held in memory. */
const FOLLOW_LIMIT = 4096;
const REMEMBERED_IDS = 4096;

/** Reads the journal as a log: what server-sent events and `sluice events` show, also after a restart and without NATS. */
export class EventLog {
  readonly #journal: Journal;
  /** Positions of the newest ids, in two generations. */
  #recent = new Map<string, number>();
  #earlier = new Map<string, number>();

  constructor(journal: Journal) {
    this.#journal = journal;
    journal.subscribe((entries) => {
      for (const entry of entries) this.#remember(entry);
    });
  }

  /**
   * Events from `cursor` up to now, oldest first.
   *
   * @throws ERR_EVENTS_CURSOR when `afterId` is not in the history
   */
  async *since(cursor: LogCursor): AsyncGenerator<LogEntry> {
    const sinceMs = typeof cursor === 'object' && 'sinceMs' in cursor ? cursor.sinceMs : 0;
    const end = this.#journal.shown;
    const reader = new JournalReader(this.#journal, await this.#positionOf(cursor));
    for (let page = await reader.next(PAGE); page.length > 0; page = await reader.next(PAGE)) {
      for (const entry of page) {
        if (entry.sequence > end) return;
        if (entry.wallMs >= sinceMs) yield toLogEntry(entry);
      }
    }
  }

  /** Calls `listener` with each event as it becomes visible. @returns a function that stops it */
  subscribe(listener: (entry: LogEntry) => void): () => void {
    return this.#journal.subscribe((entries) => {
      for (const entry of entries) listener(toLogEntry(entry));
    });
  }

  /**
   * History from `cursor`, then what comes, without a gap or a double, until `signal` aborts. A reader that is slow is served from
   * the files, so that it costs a bounded amount of memory.
   *
   * @throws ERR_EVENTS_CURSOR when `afterId` is not in the history
   */
  async *follow(cursor: LogCursor, signal: AbortSignal): AsyncGenerator<LogEntry> {
    let wake: (() => void) | undefined;
    let fresh: JournalEntry[] = [];
    let position = await this.#positionOf(cursor);
    const sinceMs = typeof cursor === 'object' && 'sinceMs' in cursor ? cursor.sinceMs : 0;
    const stop = this.#journal.subscribe((entries) => {
      if (fresh.length < FOLLOW_LIMIT) for (const entry of entries) fresh.push(entry);
      wake?.();
    });
    const onAbort = (): void => wake?.();
    signal.addEventListener('abort', onAbort);
    try {
      let reader: JournalReader | undefined = new JournalReader(this.#journal, position);
      while (!signal.aborted) {
        let page: JournalEntry[] = [];
        if (reader !== undefined) {
          page = await reader.next(PAGE);
          if (page.length === 0) reader = undefined;
        } else {
          page = fresh;
          fresh = [];
        }
        for (const entry of page) {
          if (entry.sequence < position || signal.aborted) continue;
          // A jump means that the buffer above overflowed; withdrawn events jump too and are passed over by the reader.
          if (reader === undefined && entry.sequence > position) {
            reader = new JournalReader(this.#journal, position);
            break;
          }
          position = entry.sequence + 1;
          if (entry.wallMs >= sinceMs) yield toLogEntry(entry);
        }
        if (reader === undefined && fresh.length === 0 && !signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = undefined;
        }
      }
    } finally {
      stop();
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #positionOf(cursor: LogCursor): Promise<number> {
    if (cursor === 'oldest') return 1;
    if (cursor === 'now') return this.#journal.shown + 1;
    if ('sinceMs' in cursor) {
      const segment = this.#journal.table.list.find((s) => s.lastWallMs >= cursor.sinceMs && s.first <= s.last);
      return segment?.first ?? this.#journal.shown + 1;
    }
    const known =
      this.#recent.get(cursor.afterId) ?? this.#earlier.get(cursor.afterId) ?? (await this.#search(cursor.afterId));
    if (known === undefined) throw new SluiceError('ERR_EVENTS_CURSOR', cursor.afterId.slice(0, 64));
    return known + 1;
  }

  /** Looks for an id in the files. */
  async #search(id: string): Promise<number | undefined> {
    const reader = new JournalReader(this.#journal, 1);
    for (let page = await reader.next(PAGE); page.length > 0; page = await reader.next(PAGE)) {
      const found = page.find((entry) => entry.id === id);
      if (found !== undefined) return found.sequence;
    }
    return undefined;
  }

  #remember(entry: JournalEntry): void {
    this.#recent.set(entry.id, entry.sequence);
    if (this.#recent.size < REMEMBERED_IDS) return;
    this.#earlier = this.#recent;
    this.#recent = new Map();
  }
}

function toLogEntry(entry: JournalEntry): LogEntry {
  return { id: entry.id, type: entry.type, position: entry.sequence, wallMs: entry.wallMs, json: entry.json };
}

/** Parses an entry's event. */
export function eventOf(entry: LogEntry): SluiceEvent {
  return JSON.parse(entry.json.toString('utf8')) as SluiceEvent;
}
