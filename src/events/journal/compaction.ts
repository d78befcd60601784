import type { Logger } from '../../core/log.js';
import type { CarriedStream } from './entry.js';
import type { JournalOptions } from './options.js';
import type { SegmentTable } from './segments.js';

/** Called before events are deleted with their segment; those up to the given position. Deletion waits for it. */
export type LeavingListener = (upTo: number) => Promise<void>;

/** What the deletion of old segments works with. */
interface CompactionDeps {
  readonly table: SegmentTable;
  readonly options: Pick<JournalOptions, 'historyBytes' | 'historyMs' | 'maxBytes'>;
  readonly log: Logger;
  readonly wallMs: () => number;
  readonly isClosed: () => boolean;
  /** The open streams whose newest record is at or before a position. */
  readonly carry: (upTo: number) => CarriedStream[];
  /** Appends copies of these streams. Resolves with their position when they survive a power loss. */
  readonly store: (streams: readonly CarriedStream[]) => Promise<number>;
  readonly remove: (name: string) => Promise<void>;
}

/** Deletes segments that are fully committed, when they are older than the history or more than it may hold. */
export class Compaction {
  readonly #deps: CompactionDeps;
  readonly #leaving: LeavingListener[] = [];
  #isRunning = false;

  constructor(deps: CompactionDeps) {
    this.#deps = deps;
  }

  /** Has `listener` called before each deletion. One that rejects does not stop it. */
  onLeaving(listener: LeavingListener): void {
    this.#leaving.push(listener);
  }

  /** Deletes what may go; one run at a time. @param force no space is left: all committed segments go */
  async run(force: boolean): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { table, log, isClosed } = this.#deps;
    try {
      while (!isClosed() && this.#oldestIsSpare(force)) await this.#deleteOldest(table);
    } catch (error) {
      log.warn({ cause: (error as Error).message }, 'journal: an old segment could not be deleted');
    } finally {
      this.#isRunning = false;
    }
  }

  async #deleteOldest(table: SegmentTable): Promise<void> {
    const oldest = table.list[0]!;
    for (const leaving of this.#leaving) await leaving(oldest.last).catch(() => undefined);
    const carried = this.#deps.carry(oldest.last);
    if (carried.length > 0) {
      const position = await this.#deps.store(carried);
      for (const stream of carried) stream.moved(position);
    }
    await this.#deps.remove(oldest.name);
    table.list.shift();
  }

  #oldestIsSpare(force: boolean): boolean {
    const { options, wallMs } = this.#deps;
    const { list, bytes, heldBytes } = this.#deps.table;
    if (list.length < 2 || list[0]!.pending > 0) return false;
    const old = wallMs() - list[0]!.lastWallMs > options.historyMs;
    return force || old || bytes - heldBytes > options.historyBytes || bytes > options.maxBytes;
  }
}
