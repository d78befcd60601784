import type { Logger } from '../../core/log.js';

/** One thing to write, in order. */
export interface WriteItem {
  /** May be empty: then it only marks a place in the order. Immutable until visible. */
  readonly bytes: Buffer;
  /** Sequence of the event inside, 0 when it holds none. */
  readonly sequence: number;
  /** Journal position at the time of the append. */
  readonly position: number;
  /** Not visible before an fsync that covers it. */
  readonly needsSync: boolean;
  /** Called when it and everything before it is stored (and synced, when asked). */
  readonly onVisible: () => void;
  /**
   * Called when it cannot be stored. `written`: its bytes are in the file already. Items without this callback are kept
   * and tried for ever.
   */
  readonly onRefused?: (error: NodeJS.ErrnoException, written: boolean) => void;
}

/** The storage as the writer sees it. Calls never overlap, except that `sync` may run beside `write`. */
export interface WriteTarget {
  /** Whether the open segment is long enough to be closed. */
  wantsRoll(): boolean;
  roll(): Promise<void>;
  /** Writes `bytes`, the concatenation of `items`, at the end of the open segment. */
  write(bytes: Buffer, items: readonly WriteItem[]): Promise<void>;
  sync(): Promise<void>;
  /** Reserves the space that open streams need. Rejects when there is none. */
  holdBack(): Promise<void>;
  /** Resolves when the storage works: the reserved space is complete, there is more, and it syncs. */
  probe(): Promise<void>;
  /** Frees at least `bytes` of the reserved space. @returns whether anything was freed */
  release(bytes: number): Promise<boolean>;
}

/** Why nothing is written at the moment. */
interface WriterTrouble {
  readonly state: 'full' | 'failed';
  readonly cause: string;
}

const RETRY_MS = 250;
const BATCH_BYTES = 1 << 20;
const EMPTY = Buffer.alloc(0);

/**
 * The ordered queue between a synchronous append and the disk. One loop writes batches; fsyncs run beside it, so that
 * neither an append nor a write waits for one. Failures are never thrown: they are a state, and writing is tried for
 * ever.
 */
export class JournalWriter {
  readonly #target: WriteTarget;
  readonly #log: Logger;
  readonly #syncDelayMs: number | undefined;
  #queue: WriteItem[] = [];
  #queuedBytes = 0;
  #unseen: { item: WriteItem; number: number }[] = [];
  #writtenCount = 0;
  #syncedCount = 0;
  #lastEvent = 0;
  #looping = false;
  #rolling = false;
  #syncing: Promise<void> | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #trouble: WriterTrouble | undefined;
  #closed = false;

  /** @param syncDelayMs longest time that written bytes stay unsynced; `undefined` syncs only what asks for it */
  constructor(target: WriteTarget, syncDelayMs: number | undefined, log: Logger) {
    this.#target = target;
    this.#syncDelayMs = syncDelayMs;
    this.#log = log;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get trouble(): WriterTrouble | undefined {
    return this.#trouble;
  }

  /** Queues an item; synchronous. */
  push(item: WriteItem): void {
    this.#queue.push(item);
    this.#queuedBytes += item.bytes.length;
    this.#start();
  }

  /** Resolves when everything pushed so far survives a power loss; rejects with the system's error. */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.push({ bytes: EMPTY, sequence: 0, position: 0, needsSync: true, onVisible: resolve, onRefused: reject });
    });
  }

  /**
   * The storage cannot be relied on although writes may succeed: nothing is accepted until {@link WriteTarget.probe}
   * says that it works.
   */
  distrust(error: Error): void {
    if (this.#closed) return;
    this.#declare('failed', error);
    this.#retryLater();
  }

  /** Stops; what is still queued is not written. Await {@link sync} first for an orderly end. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#syncTimer);
    clearTimeout(this.#retryTimer);
    await this.#syncing;
  }

  #start(): void {
    if (this.#looping || this.#closed || this.#retryTimer !== undefined) return;
    this.#looping = true;
    // The loop begins one turn later, so that everything pushed meanwhile goes into the same write.
    setImmediate(() => void this.#loop());
  }

  async #loop(): Promise<void> {
    while (this.#queue.length > 0 && !this.#closed) {
      const batch = this.#takeBatch();
      try {
        if (batch.some((item) => item.onRefused !== undefined && item.sequence > 0)) await this.#target.holdBack();
        if (this.#target.wantsRoll()) await this.#roll();
        const bytes = batch.length === 1 ? batch[0].bytes : Buffer.concat(batch.map((item) => item.bytes));
        if (bytes.length > 0) await this.#target.write(bytes, batch);
        this.#written(batch, bytes.length);
      } catch (error) {
        this.#giveBack(batch, error as NodeJS.ErrnoException);
        const freed = await this.#target.release(Math.max(4096, this.#queuedBytes)).catch(() => false);
        this.#retryLater();
        if (!freed) break;
      }
    }
    this.#looping = false;
    this.#syncLater();
  }

  async #roll(): Promise<void> {
    this.#rolling = true;
    try {
      await this.#syncing;
      await this.#target.sync();
      await this.#target.roll();
    } finally {
      this.#rolling = false;
    }
  }

  #takeBatch(): WriteItem[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && bytes < BATCH_BYTES) bytes += this.#queue[count++].bytes.length;
    return this.#queue.splice(0, count);
  }

  #written(batch: readonly WriteItem[], bytes: number): void {
    this.#queuedBytes -= bytes;
    for (const item of batch) {
      this.#unseen.push({ item, number: ++this.#writtenCount });
      if (item.sequence > 0) this.#lastEvent = this.#writtenCount;
    }
    this.#show();
    if (this.#unseen.length > 0) void this.#syncNow();
  }

  #show(): void {
    let count = 0;
    for (const { item, number } of this.#unseen) {
      if (item.needsSync && number > this.#syncedCount) break;
      count++;
    }
    for (const { item } of this.#unseen.splice(0, count)) item.onVisible();
  }

  #syncLater(): void {
    if (this.#unseen.length > 0) return void this.#syncNow();
    if (this.#syncDelayMs === undefined || this.#syncTimer !== undefined || this.#closed) return;
    // Commits alone are not worth an fsync.
    if (this.#syncedCount >= this.#lastEvent) return;
    this.#syncTimer = setTimeout(() => void this.#syncNow(), this.#syncDelayMs);
    this.#syncTimer.unref();
  }

  #syncNow(): Promise<void> {
    if (this.#rolling || this.#closed) return Promise.resolve();
    this.#syncing ??= this.#runSync().finally(() => {
      this.#syncing = undefined;
      if (this.#trouble?.state !== 'failed') this.#syncLater();
    });
    return this.#syncing;
  }

  async #runSync(): Promise<void> {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    const upTo = this.#writtenCount;
    try {
      await this.#target.sync();
    } catch (error) {
      this.#syncFailed(error as NodeJS.ErrnoException);
      return;
    }
    this.#syncedCount = Math.max(this.#syncedCount, upTo);
    this.#show();
  }

  /**
   * After a failed fsync, items that can be refused are refused. The rest becomes visible, because it is in the file
   * and will not be written again.
   */
  #syncFailed(error: NodeJS.ErrnoException): void {
    this.#declare('failed', error);
    for (const { item } of this.#unseen.splice(0)) {
      if (item.onRefused === undefined) item.onVisible();
      else item.onRefused(error, true);
    }
    this.#retryLater();
  }

  #giveBack(batch: WriteItem[], error: NodeJS.ErrnoException): void {
    this.#declare(error.code === 'ENOSPC' || error.code === 'EDQUOT' ? 'full' : 'failed', error);
    const kept: WriteItem[] = [];
    for (const item of batch.concat(this.#queue)) {
      if (item.onRefused === undefined) {
        kept.push(item);
        continue;
      }
      this.#queuedBytes -= item.bytes.length;
      item.onRefused(error, false);
    }
    this.#queue = kept;
  }

  #declare(state: WriterTrouble['state'], error: NodeJS.ErrnoException): void {
    const cause = error.message;
    if (this.#trouble === undefined) {
      this.#log.error({ cause }, 'journal: cannot write; publishes are refused, running streams go on, ends are kept');
    }
    this.#trouble = { state, cause };
  }

  #retryLater(): void {
    if (this.#closed || this.#retryTimer !== undefined) return;
    this.#retryTimer = setTimeout(() => void this.#probe(), RETRY_MS);
    this.#retryTimer.unref();
  }

  /** Checks whether the storage works again: the reserved space must be complete before new streams are accepted. */
  async #probe(): Promise<void> {
    if (this.#looping) {
      this.#retryTimer?.refresh();
      return;
    }
    try {
      await this.#target.probe();
      if (this.#trouble !== undefined) this.#log.info({}, 'journal: the disk takes writes again');
      this.#trouble = undefined;
      this.#retryTimer = undefined;
    } catch {
      this.#retryTimer = undefined;
      this.#retryLater();
    }
    if (this.#queue.length === 0 || this.#looping || this.#closed) return;
    this.#looping = true;
    void this.#loop();
  }
}
