import type { Clock } from '../../core/clock.js';
import type { SluiceError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { EVENTS_TRACE } from '../../core/trace.js';
import { within } from '../../core/within.js';
import type { Envelope } from '../envelope.js';
import type { EventPriority } from '../priority.js';
import { CommitWaits } from './commit-waits.js';
import { Compaction, type LeavingListener } from './compaction.js';
import type { CarriedStream, JournalEntry, NotedKind } from './entry.js';
import { OptionalShare } from './optional-share.js';
import { type JournalOptions, type JournalState, type JournalStats, refusalOf, spaceToHold } from './options.js';
import { encodeRecord, eventPayload, RecordKind, sequencesPayload } from './record.js';
import { type Recovered, type RecoveryVisitor, recover } from './recovery.js';
import type { Segment, SegmentTable } from './segments.js';
import { type SegmentStorage, segmentName } from './storage.js';
import { JournalWriter, type WriteItem, type WriteTarget } from './writer.js';

export type { CarriedStream, JournalEntry } from './entry.js';

const QUEUE_BYTES = 16 << 20;
const PROBE_BYTES = 32 << 10;
const COMMIT_BATCH = 512;
const COMMIT_DELAY_MS = 100;

/** The append-only journal: every event is here before it is visible. Appending is a synchronous enqueue. */
export class Journal {
  readonly table: SegmentTable;
  readonly #storage: SegmentStorage;
  readonly #options: JournalOptions;
  readonly #clock: Clock;
  readonly #voids: Set<number>;
  readonly #optional: OptionalShare;
  readonly #writer: JournalWriter;
  readonly #compaction: Compaction;
  readonly #listeners = new Set<(entries: readonly JournalEntry[]) => void>();
  readonly #commits: number[] = [];
  readonly #waits = new CommitWaits();
  #commitTimer: NodeJS.Timeout | undefined;
  #fresh: JournalEntry[] = [];
  /** Position of the newest event that an earlier process wrote. */
  readonly inherited: number;
  #sequence: number;
  #shown: number;
  #unwritten = 0;
  #openStreams = 0;
  #closed = false;
  /** Asked before a segment is deleted, for the open streams whose newest record is at or before the given position. */
  carry: (upTo: number) => CarriedStream[] = () => [];

  private constructor(
    storage: SegmentStorage,
    options: JournalOptions,
    recovered: Recovered,
    log: Logger,
    clock: Clock,
  ) {
    this.#storage = storage;
    this.#options = options;
    this.#clock = clock;
    this.table = recovered.table;
    this.#voids = recovered.voids;
    this.#optional = new OptionalShare(options);
    this.inherited = recovered.lastSequence;
    this.#sequence = recovered.lastSequence;
    this.#shown = recovered.lastSequence;
    this.#writer = new JournalWriter(
      this.#target(),
      options.fsync === 'never' ? undefined : options.fsyncIntervalMs,
      log,
    );
    this.#compaction = new Compaction({
      ...{ table: this.table, options, log, wallMs: () => clock.wallMs(), isClosed: () => this.#closed },
      carry: (upTo) => this.carry(upTo),
      store: (streams) => this.#store(streams),
      remove: (name) => storage.remove(name),
    });
  }

  /**
   * Opens the journal: reads what is there, cuts a torn tail and goes on behind it.
   *
   * @param visitor gets every event, carried stream and boot that is found
   */
  static async open(
    storage: SegmentStorage,
    options: JournalOptions,
    visitor: RecoveryVisitor,
    deps: { log: Logger; clock: Clock },
  ): Promise<{ journal: Journal; recovered: Recovered }> {
    const recovered = await recover(storage, options.bus, visitor, deps.log);
    const journal = new Journal(storage, options, recovered, deps.log, deps.clock);
    if (journal.table.list.length === 0) journal.table.add(segmentName(1));
    await storage.open(journal.table.current.name);
    await storage.truncate(journal.table.current.bytes);
    return { journal, recovered };
  }

  /** Whether it takes records. */
  get state(): JournalState {
    if (this.#closed) return 'closed';
    return this.#writer.trouble?.state ?? (this.#overCap() ? 'full' : 'ok');
  }

  /** Position of the newest event that listeners have been shown. */
  get shown(): number {
    return this.#shown;
  }

  /** Position of the newest event, written or waiting to be. */
  get position(): number {
    return this.#sequence;
  }

  /** Sizes in bytes and counts, for metrics. */
  stats(): JournalStats {
    return {
      state: this.state,
      cause: this.#cause(),
      bytes: this.table.bytes,
      pending: this.table.pending + (this.#options.bus ? this.#unwritten : 0),
      queuedBytes: this.#writer.queuedBytes,
      segments: this.table.list.length,
      reservedBytes: this.#storage.reserved,
    };
  }

  /** Whether an event may be appended now. */
  admits(priority: EventPriority): boolean {
    if (this.#closed) return false;
    if (priority === 'end') return true;
    const open = this.state === 'ok' && this.#writer.queuedBytes < QUEUE_BYTES;
    if (!open || priority === 'stream') return open;
    return this.#optional.admits(this.#heldBytes, this.#clock.monotonicMs());
  }

  /** Appends an event; synchronous. @returns its position */
  append(event: Envelope): number {
    return this.#appendEvent(event, this.#options.fsync === 'always');
  }

  /**
   * Appends the start of a stream and reserves the bytes of its end.
   *
   * @returns resolves with its position when it survives a power loss; rejects with ERR_EVENTS_JOURNAL_FULL or
   *   ERR_EVENTS_JOURNAL_FAILED when it cannot be stored: then it is withdrawn and never becomes visible
   */
  appendStart(event: Envelope): Promise<number> {
    if (!this.admits('stream')) return Promise.reject(this.#refusal());
    this.#openStreams++;
    return new Promise<number>((resolve, reject) => {
      const sequence = this.#appendEvent(event, true, {
        stored: () => resolve(sequence),
        refused: (written) => {
          this.#openStreams--;
          this.#withdraw(sequence, written);
          reject(this.#refusal());
        },
      });
    });
  }

  /** Notes how many streams found at start are still open: the bytes of their ends are reserved. */
  adoptStreams(count: number): void {
    this.#openStreams += count;
  }

  /** Notes that a stream's end has been appended: the bytes reserved for it are free again. */
  releaseStream(): void {
    this.#openStreams = Math.max(0, this.#openStreams - 1);
  }

  /** Notes that JetStream holds an event, or that it will never be sent. A commit record follows. */
  commit(sequence: number): void {
    this.table.commit(sequence);
    this.#waits.settled(sequence);
    // Commits are written together. One that a crash loses costs one more attempt, which JetStream refuses.
    if (this.#commits.push(sequence) >= COMMIT_BATCH) this.#writeCommits();
    else this.#commitTimer ??= setTimeout(() => this.#writeCommits(), COMMIT_DELAY_MS).unref();
  }

  /** Appends a record that is no event. @returns its position, which is that of the event before it */
  note(kind: NotedKind, json: Buffer): number {
    this.#push(encodeRecord(RecordKind[kind], this.#sequence, this.#clock.wallMs(), json));
    return this.#sequence;
  }

  /** Resolves when the event at a position is committed. */
  whenCommitted(sequence: number): Promise<void> {
    return this.#waits.until(sequence, this.table.isOpen(sequence));
  }

  /** Resolves when everything appended so far survives a power loss; rejects when that fails. */
  sync(): Promise<void> {
    return this.#closed ? Promise.resolve() : this.#writer.sync();
  }

  /** The storage cannot be relied on, even if writes succeed: starts are refused until it verifies again. */
  distrust(error: Error): void {
    this.#writer.distrust(error);
  }

  /** Calls `listener` with events as they become visible, in order. @returns a function that stops it */
  subscribe(listener: (entries: readonly JournalEntry[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Has `listener` called before events are deleted with their segment. */
  onLeaving(listener: LeavingListener): void {
    this.#compaction.onLeaving(listener);
  }

  /** Whether an event was withdrawn after it was written. */
  isVoid(sequence: number): boolean {
    return this.#voids.has(sequence);
  }

  /** Up to `length` bytes of a segment, fewer only at its end, or `undefined` when it has been deleted meanwhile. */
  async readAt(segment: Segment, position: number, length: number): Promise<Buffer | undefined> {
    try {
      return await this.#storage.readAt(segment.name, position, length);
    } catch {
      return undefined;
    }
  }

  /** Writes and syncs what is queued, for at most `deadlineMs`, and closes the storage. */
  async close(deadlineMs = 2000): Promise<void> {
    if (this.#closed) return;
    this.#writeCommits();
    const synced = this.#writer.sync().catch(() => undefined);
    await within(synced, deadlineMs);
    this.#closed = true;
    await this.#writer.close();
    await this.#storage.close();
  }

  #target(): WriteTarget {
    return {
      wantsRoll: () => this.table.current.bytes >= this.#options.segmentBytes,
      roll: () => this.#roll(),
      write: (bytes, items) => this.#write(bytes, items),
      sync: () => this.#storage.sync(),
      holdBack: () => this.#holdBack(),
      release: (bytes) => this.#release(bytes),
      probe: () => this.#probe(),
    };
  }

  async #roll(): Promise<void> {
    const last = Number(this.table.current.name.slice(0, 16));
    const name = segmentName(Math.max(last + 1, this.#shown + 1));
    await this.#storage.open(name);
    this.table.add(name);
  }

  async #write(bytes: Buffer, items: readonly WriteItem[]): Promise<void> {
    const segment = this.table.current;
    let at = segment.bytes;
    await this.#storage.write(bytes, at);
    segment.bytes += bytes.length;
    segment.lastWallMs = this.#clock.wallMs();
    for (const item of items) {
      if (item.sequence > 0) {
        this.#unwritten--;
        this.table.mark(segment, item.sequence, at);
        this.table.noteEvent(segment, item.sequence, this.#options.bus);
      } else segment.last = Math.max(segment.last, item.position);
      at += item.bytes.length;
    }
    // This follows after the batch has become visible, so that the events come before those to which a carried stream
    // refers.
    setImmediate(() => void this.#compaction.run(false));
  }

  async #holdBack(): Promise<void> {
    // A start in a file that cannot be found again is not kept.
    await this.#storage.verify();
    const want = spaceToHold(this.#options, this.#openStreams);
    const held = this.#storage.reserved;
    if (want > held || want * 4 <= held) await this.#storage.reserve(want);
  }

  /** Rejects unless there is more room than the reserved bytes need. */
  async #probe(): Promise<void> {
    await this.#holdBack();
    const held = this.#storage.reserved;
    try {
      await this.#storage.reserve(held + PROBE_BYTES);
    } finally {
      await this.#storage.reserve(held);
    }
    await this.#storage.sync();
  }

  /** Frees space for what must be written: a part of the reserved bytes, and history that is fully committed. */
  async #release(bytes: number): Promise<boolean> {
    await this.#storage.truncate(this.table.current.bytes);
    const held = this.#storage.reserved;
    const left = Math.max(0, held - bytes);
    await this.#storage.reserve(left);
    void this.#compaction.run(true);
    return left < held;
  }

  #appendEvent(
    event: Envelope,
    needsSync: boolean,
    start?: { stored(): void; refused(written: boolean): void },
  ): number {
    const sequence = ++this.#sequence;
    this.#unwritten++;
    const wallMs = this.#clock.wallMs();
    const { id, type, subject, json } = event;
    const entry: JournalEntry = { sequence, wallMs, subject, id, type, own: true, json };
    if (EVENTS_TRACE.hasSubscribers) EVENTS_TRACE.publish({ what: 'appended', name: subject, detail: sequence });
    const bytes = encodeRecord(RecordKind.Event, sequence, wallMs, ...eventPayload(subject, json));
    this.#writer.push({
      bytes,
      sequence,
      position: sequence,
      needsSync,
      onVisible: () => {
        this.#reveal(entry);
        start?.stored();
      },
      ...(start === undefined ? {} : { onRefused: (_error: Error, written: boolean) => start.refused(written) }),
    });
    return sequence;
  }

  #push(bytes: Buffer): void {
    this.#writer.push({ bytes, sequence: 0, position: this.#sequence, needsSync: false, onVisible: () => undefined });
  }

  /** Collects the events that become visible in one turn, so that listeners get them together. */
  #reveal(entry: JournalEntry): void {
    if (this.#fresh.push(entry) > 1) return;
    queueMicrotask(() => {
      const entries = this.#fresh;
      this.#fresh = [];
      this.#shown = entries[entries.length - 1].sequence;
      for (const listener of this.#listeners) listener(entries);
    });
  }

  #writeCommits(): void {
    clearTimeout(this.#commitTimer);
    this.#commitTimer = undefined;
    if (this.#commits.length === 0 || this.#closed) return;
    const above = this.#commits.filter((sequence) => sequence > this.table.lowWater);
    this.#commits.length = 0;
    this.#push(
      encodeRecord(
        RecordKind.Commit,
        this.#sequence,
        this.#clock.wallMs(),
        sequencesPayload([this.table.lowWater, ...above]),
      ),
    );
  }

  #withdraw(sequence: number, written: boolean): void {
    this.#voids.add(sequence);
    if (!written) {
      this.#unwritten--;
      this.table.skip(sequence);
      return;
    }
    this.table.commit(sequence);
    this.#push(encodeRecord(RecordKind.Void, this.#sequence, this.#clock.wallMs(), sequencesPayload([sequence])));
  }

  #cause(): string {
    if (this.#writer.trouble !== undefined) return this.#writer.trouble.cause;
    return this.#overCap() ? 'events.maxJournalBytes is reached' : '';
  }

  #refusal(): SluiceError {
    return refusalOf(this.state, this.#cause());
  }

  #overCap(): boolean {
    return this.#heldBytes > this.#options.maxBytes;
  }

  /** Bytes that wait for their commit, those not written yet, and those reserved for the ends of open streams. */
  get #heldBytes(): number {
    return this.table.heldBytes + this.#writer.queuedBytes + this.#openStreams * this.#options.reservePerStream;
  }

  /** Appends copies of open streams. @returns their position, when they survive a power loss */
  async #store(streams: readonly CarriedStream[]): Promise<number> {
    const wallMs = this.#clock.wallMs();
    for (const stream of streams) this.#push(encodeRecord(RecordKind.Stream, this.#sequence, wallMs, stream.json));
    await this.#writer.sync();
    return this.#sequence;
  }
}
