import { SluiceError } from '../core/errors.js';
import type { MemoryAccount } from '../core/memory-account.js';
import { Uncollected } from '../core/uncollected.js';
import { WorkTurns } from '../core/work-turns.js';
import type { AnySluiceEvent } from './event-types.js';
import { IdSearch } from './journal/id-search.js';
import type { Journal, JournalEntry } from './journal/journal.js';
import { JournalReader } from './journal/reader.js';

/** One event of the log. */
export interface LogEntry {
  /** Envelope id, which `Last-Event-ID` names. */
  readonly id: string;
  readonly type: string;
  /** Journal position: grows by time of writing. */
  readonly position: number;
  readonly wallMs: number;
  /** The event's JSON as JetStream stores it; immutable shared. */
  readonly json: Buffer;
  /** The event itself. Its JSON is parsed when this is read for the first time. */
  readonly event: AnySluiceEvent;
}

/**
 * Where to begin: behind the event with an id or at a position, at a time (milliseconds since the epoch), at the oldest
 * kept event, or with the next one.
 */
export type LogCursor =
  | { readonly afterId: string }
  | { readonly afterPosition: number }
  | { readonly sinceMs: number }
  | 'oldest'
  | 'now';

/** Events that are read at once. */
const PAGE = 64;
/** Events that are passed on before other work may have its turn of the event loop. */
const PIECE = 8;
/** A follower that is so many bytes behind reads from the files again, instead of being held in memory. */
const FOLLOW_BYTES = 512 << 10;
const REMEMBERED_IDS = 4096;

/**
 * Reads the journal as a log, which server-sent events and `sluice events` show, also after a restart and without NATS.
 */
export class EventLog {
  readonly #journal: Journal;
  readonly #search: IdSearch;
  readonly #wallMs: () => number;
  readonly #turns: WorkTurns;
  readonly #followers = new Set<Follower>();
  readonly #dropped = new Uncollected();
  /** Set when no more events will come. Followers end when they have read everything. */
  #closed = false;
  readonly #waiting = new Set<() => void>();
  /** Positions of the newest ids, in two generations. */
  #recent = new Map<string, number>();
  #earlier = new Map<string, number>();

  /**
   * @param wallMs the wall clock, milliseconds since the epoch
   * @param turns bounds what all readers of history do in one turn of the event loop
   */
  constructor(journal: Journal, wallMs: () => number = Date.now, turns = new WorkTurns()) {
    this.#turns = turns;
    this.#journal = journal;
    this.#search = new IdSearch(journal);
    this.#wallMs = wallMs;
    journal.subscribe((entries) => {
      for (const entry of entries) this.#remember(entry);
    });
  }

  /** Registers what clients make it hold on the memory account. */
  joinAccount(account: MemoryAccount): void {
    account.register('event_followers', () => this.followerBytes);
    account.register('event_searches', () => this.searchBytes);
    account.register('event_pages_dropped', () => this.#dropped.bytes);
  }

  /**
   * Bytes of the journal that followers hold in memory. New events are the same objects for all of them and count once.
   */
  get followerBytes(): number {
    let read = 0;
    let fresh = 0;
    for (const follower of this.#followers) {
      read += follower.readBytes;
      fresh = Math.max(fresh, follower.freshBytes);
    }
    return read + fresh;
  }

  /** Bytes of the journal that are being searched for an id. */
  get searchBytes(): number {
    return this.#search.heldBytes;
  }

  /**
   * Events from `cursor` up to now, oldest first.
   *
   * @throws ERR_EVENTS_CURSOR when `afterId` is not in the history
   */
  async *since(cursor: LogCursor): AsyncGenerator<LogEntry> {
    const sinceMs = sinceOf(cursor);
    const end = this.#journal.shown;
    const reader = this.#reader(await this.#positionOf(cursor));
    try {
      for (let page = await reader.next(PAGE); page.length > 0; page = await reader.next(PAGE)) {
        for (const [index, entry] of page.entries()) {
          if (entry.sequence > end) return;
          if (index % PIECE === 0) await this.#turns.mine();
          if (entry.wallMs >= sinceMs) yield toLogEntry(entry);
        }
      }
    } finally {
      reader.close();
    }
  }

  /** The event of an id. @returns undefined when it is not held */
  async find(id: string): Promise<LogEntry | undefined> {
    const position = this.#positionNow(id) ?? (await this.#search.find(id, this.#wallMs()));
    const entry = position === undefined ? undefined : await this.at(position);
    return entry?.id === id ? entry : undefined;
  }

  /** The event at a position. @returns undefined when it is not held */
  async at(position: number): Promise<LogEntry | undefined> {
    const reader = this.#reader(position);
    try {
      const [entry] = await reader.next(1);
      return entry?.sequence === position ? toLogEntry(entry) : undefined;
    } finally {
      reader.close();
    }
  }

  /** Position of the newest event that is visible; 0 before the first. */
  get newest(): number {
    return this.#journal.shown;
  }

  /** Position of the newest event that an earlier process wrote; 0 when there is none. */
  get inherited(): number {
    return this.#journal.inherited;
  }

  /** Position of the oldest event that is kept, or of the next one. */
  get oldest(): number {
    const segment = this.#journal.table.list.find(({ first, last }) => first <= last);
    return segment?.first ?? this.#journal.shown + 1;
  }

  /** Calls `listener` with each event as it becomes visible. @returns a function that stops it */
  subscribe(listener: (entry: LogEntry) => void): () => void {
    return this.#journal.subscribe((entries) => {
      for (const entry of entries) {
        // One listener that throws must not keep an event from the others.
        try {
          listener(toLogEntry(entry));
        } catch (error) {
          process.emitWarning(`sluice: a listener of events failed: ${String(error)}`);
        }
      }
    });
  }

  /** No more events will come: each follower ends after the last one. */
  close(): void {
    this.#closed = true;
    for (const wake of this.#waiting) wake();
  }

  /**
   * History from `cursor`, then new events, without a gap or a duplicate, until `signal` aborts. A slow reader is
   * served from the files, so that it costs a bounded amount of memory.
   *
   * @throws ERR_EVENTS_CURSOR when `afterId` is not in the history
   */
  async *follow(cursor: LogCursor, signal: AbortSignal): AsyncGenerator<LogEntry> {
    const sinceMs = sinceOf(cursor);
    let position = await this.#positionOf(cursor, signal);
    const follower = new Follower();
    this.#followers.add(follower);
    const stop = this.#journal.subscribe((entries) => follower.offer(entries));
    // It may wait for its next piece for a while; until then nothing more is held for it.
    const onAbort = (): void => {
      stop();
      follower.dropFresh();
      follower.wake?.();
    };
    signal.addEventListener('abort', onAbort);
    let reader: JournalReader | undefined = this.#reader(position);
    try {
      while (!signal.aborted) {
        let page: JournalEntry[] = [];
        if (reader !== undefined) {
          page = await reader.next(PAGE, signal);
          follower.readBytes = reader.heldBytes + bytesOf(page);
          if (page.length === 0) {
            position = Math.max(position, reader.position);
            reader.close();
            reader = undefined;
            follower.readBytes = 0;
          }
        } else {
          page = follower.takeFresh();
        }
        for (const [index, entry] of page.entries()) {
          // New events are passed on as they come; history is read by many at once.
          if (reader !== undefined && index % PIECE === 0) await this.#turns.mine();
          if (entry.sequence < position || signal.aborted) continue;
          // A jump means that the buffer above overflowed. Withdrawn events cause jumps too; the reader skips them.
          if (reader === undefined && entry.sequence > position) {
            reader = this.#reader(position);
            follower.dropFresh();
            break;
          }
          position = entry.sequence + 1;
          if (entry.wallMs >= sinceMs) yield toLogEntry(entry);
        }
        if (page.length === PAGE) await this.#turns.mine();
        if (reader !== undefined || follower.hasFresh || signal.aborted) continue;
        if (position <= this.#journal.shown) reader = this.#reader(position);
        else if (this.#closed) return;
        else await follower.wait(this.#waiting);
      }
    } finally {
      reader?.close();
      stop();
      this.#followers.delete(follower);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** A reader for a client, one of any number. */
  #reader(position: number): JournalReader {
    return new JournalReader(this.#journal, position, { turns: this.#turns, dropped: this.#dropped });
  }

  async #positionOf(cursor: LogCursor, signal?: AbortSignal): Promise<number> {
    if (cursor === 'oldest') return 1;
    if (cursor === 'now') return this.#journal.shown + 1;
    const given: unknown = cursor;
    const isPlace =
      typeof given === 'object' &&
      given !== null &&
      ('sinceMs' in given || 'afterId' in given || 'afterPosition' in given);
    if (!isPlace) throw new SluiceError('ERR_EVENTS_CURSOR', `${JSON.stringify(given)} is no place to begin`);
    if ('afterPosition' in cursor) return cursor.afterPosition + 1;
    if ('sinceMs' in cursor) {
      const segment = this.#journal.table.list.find((s) => s.lastWallMs >= cursor.sinceMs && s.first <= s.last);
      return segment?.first ?? this.#journal.shown + 1;
    }
    const id = cursor.afterId;
    const known = this.#positionNow(id) ?? (await this.#search.find(id, this.#wallMs(), signal));
    if (known !== undefined) return known + 1;
    if (signal?.aborted === true) return this.#journal.shown + 1;
    throw new SluiceError('ERR_EVENTS_CURSOR', id.slice(0, 64));
  }

  /** Position of an event that is not long ago. */
  #positionNow(id: string): number | undefined {
    return this.#recent.get(id) ?? this.#earlier.get(id);
  }

  #remember(entry: JournalEntry): void {
    this.#recent.set(entry.id, entry.sequence);
    if (this.#recent.size < REMEMBERED_IDS) return;
    this.#earlier = this.#recent;
    this.#recent = new Map();
  }
}

/** What one follower holds of the journal: events that came since it began and that it has not passed on. */
class Follower {
  /** Bytes of what it reads from the files. */
  readBytes = 0;
  /** Bytes of the events that came. */
  freshBytes = 0;
  /** Ends {@link wait}. */
  wake: (() => void) | undefined;
  #fresh: JournalEntry[] = [];

  get hasFresh(): boolean {
    return this.#fresh.length > 0;
  }

  /** Holds events that come, as far as there is room. */
  offer(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      if (this.freshBytes > FOLLOW_BYTES) break;
      this.#fresh.push(entry);
      this.freshBytes += entry.json.length;
    }
    this.wake?.();
  }

  /** The oldest of the events that came, at most a page of them. */
  takeFresh(): JournalEntry[] {
    const page = this.#fresh.splice(0, PAGE);
    this.readBytes = 0;
    this.freshBytes = this.hasFresh ? this.freshBytes - bytesOf(page) : 0;
    return page;
  }

  dropFresh(): void {
    this.#fresh = [];
    this.freshBytes = 0;
  }

  /** Waits for an event. @param waiting all that wait; closing the log wakes them */
  async wait(waiting: Set<() => void>): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      waiting.add(resolve);
    });
    waiting.delete(this.wake!);
    this.wake = undefined;
  }
}

function bytesOf(entries: readonly JournalEntry[]): number {
  let sum = 0;
  for (const { json } of entries) sum += json.length;
  return sum;
}

function sinceOf(cursor: LogCursor): number {
  return typeof cursor === 'object' && cursor !== null && 'sinceMs' in cursor ? cursor.sinceMs : 0;
}

function toLogEntry({ id, type, sequence, wallMs, json }: JournalEntry): LogEntry {
  let event: AnySluiceEvent | undefined;
  return {
    ...{ id, type, position: sequence, wallMs, json },
    get event() {
      event ??= eventOf({ json });
      return event;
    },
  };
}

/** Parses an entry's event, each time again. */
export function eventOf({ json }: Pick<LogEntry, 'json'>): AnySluiceEvent {
  return JSON.parse(json.toString('utf8')) as AnySluiceEvent;
}
