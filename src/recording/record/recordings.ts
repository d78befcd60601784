import { SluiceError } from '../../core/errors.js';
import { globMatcher } from '../../core/glob.js';
import { newId } from '../../core/ids.js';
import type { Logger } from '../../core/log.js';
import type { BegunStream } from '../../doors/begun-stream.js';
import type { RecordEvents } from '../../events/record-events.js';
import type { Hub } from '../../hub/hub.js';
import { Player } from '../../hub/player.js';
import type { RecordEndReason } from '../../model/recording.js';
import type { DiskBounds } from './disk-guard.js';
import { type OpenedFile, RecordFolder } from './record-folder.js';
import { Recorder, type Rotation } from './recorder.js';

/** Options of recordings. Each is a setting. */
export interface RecordingOptions extends DiskBounds, Rotation {
  /** `media.root`. */
  readonly root: string;
  /** Folder for notes of open recordings. */
  readonly notes: string;
  readonly match: readonly string[];
  readonly publishTypes: boolean;
  readonly maxOpen: number;
}

/** The parts that recordings need. */
interface RecordingParts {
  readonly hub: Hub;
  readonly events: RecordEvents;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly wallMs: () => number;
  /** `rtmp.chunkSize`, with which messages are framed. */
  readonly chunkSize: number;
}

/** What recordings came to, for `/metrics`. */
interface RecordingCounts {
  started: number;
  ended: Map<RecordEndReason, number>;
  failures: number;
  bytes: number;
  gaps: number;
}

/** Bytes of the log that a recorder may be behind: a disk that stands still for some seconds loses nothing. */
const MAX_LAG_BYTES = 16 * 1024 * 1024;
/** Time that recorders of one tick may take before others have their turn, in ms. */
const SHARE_MS = 4;

/** Records the streams that the settings name, and those whose publisher asks for it. */
export class Recordings {
  readonly counts: RecordingCounts = { started: 0, ended: new Map(), failures: 0, bytes: 0, gaps: 0 };
  #options: RecordingOptions;
  #matchers: readonly ((text: string) => boolean)[] = [];
  readonly #parts: RecordingParts;
  readonly #recorders = new Set<Recorder>();
  /** Files and recorders that are being completed. */
  readonly #closing = new Set<Promise<unknown>>();
  #folder: RecordFolder;
  #isServing = false;
  #isClosed = false;

  constructor(options: RecordingOptions, parts: RecordingParts) {
    this.#parts = parts;
    this.#options = options;
    this.#folder = new RecordFolder(options, parts);
    this.change(options);
  }

  /** Files open. */
  get open(): number {
    return [...this.#recorders].filter(({ isOpen }) => isOpen).length;
  }

  /** Memory besides the logs of streams. */
  get heldBytes(): number {
    let sum = 0;
    for (const { heldBytes } of this.#recorders) sum += heldBytes;
    return sum;
  }

  /** Why recordings cannot go on; empty when they can. */
  get trouble(): string {
    return this.#folder.trouble;
  }

  /** Other options hold: bounds at once, what is recorded for streams that begin. Folders stay as they are. */
  change(options: RecordingOptions): void {
    this.#options = { ...options, root: this.#options.root, notes: this.#options.notes };
    this.#matchers = options.match.map(globMatcher);
  }

  /** Completes what the process before has left behind, one file after the other. Never rejects. */
  recover(): Promise<void> {
    return this.#track(
      this.#folder.recover((reason) => {
        this.#count(reason);
      }),
    );
  }

  /** A stream has begun. */
  begun(stream: BegunStream): void {
    const isAsked = this.#options.publishTypes && stream.publishType !== 'live';
    if (this.#isClosed || !(isAsked || this.#isWanted(stream))) return;
    if (this.#recorders.size >= this.#options.maxOpen) {
      this.#failed(stream, new SluiceError('ERR_RECORDING_LIMIT', `${this.#recorders.size} are open`), isAsked);
      return;
    }
    this.#record(stream, isAsked);
  }

  /** Serves recorders, and looks whether there is room. Call it a few times a second. */
  tick(nowMs: number): void {
    if (this.#recorders.size === 0) return;
    void this.#folder.look(this.#options, nowMs);
    const refusal = this.#folder.refusal(this.#options);
    // One that has no file yet is refused when it wants one.
    const open = refusal === undefined ? [] : [...this.#recorders].filter(({ isOpen }) => isOpen);
    for (const recorder of open) void recorder.end(refusal!);
    if (!this.#isServing) void this.#serve([...this.#recorders]);
  }

  /** Ends every recording. Resolves when the files are complete. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const recorder of [...this.#recorders]) this.#track(recorder.end('shutdown'));
    while (this.#closing.size > 0) await Promise.all(this.#closing);
  }

  #isWanted({ app, name }: BegunStream): boolean {
    return this.#matchers.some((matches) => matches(`${app}/${name}`));
  }

  #record(stream: BegunStream, isAsked: boolean): void {
    const { hub, nowMs, log } = this.#parts;
    const { app, name, streamId } = stream;
    const isAppended = isAsked && stream.publishType === 'append';
    const options = (): RecordingOptions => this.#options;
    let isTold = false;
    const recorder: Recorder = new Recorder(
      {
        get rotation() {
          return options();
        },
        nowMs,
        open: async (part, metadata, wrote) => {
          const opened = await this.#open(stream, { part, metadata, wrote, isAppended: isAppended && part === 1 });
          if (isAsked && !isTold) stream.tell('NetStream.Record.Start', 'Recording.');
          isTold = true;
          return opened;
        },
        close: (record, reason, gaps, detail) => this.#track(this.#close(record as OpenedFile, reason, gaps, detail)),
        refused: (error) => this.#failed(stream, error, isAsked),
        detach: () => {
          hub.unsubscribe(app, name, player);
          const isOver = this.#recorders.delete(recorder);
          if (isOver && isAsked && isTold) stream.tell('NetStream.Record.Stop', 'Recording has ended.');
        },
      },
      this.#parts.chunkSize,
    );
    const player = new Player(newId(), recorder, 1, { maxLagBytes: MAX_LAG_BYTES }, hub.writes);
    player.endsWithStream = true;
    recorder.player = player;
    this.#recorders.add(recorder);
    try {
      hub.subscribeQuietly(app, name, player);
    } catch (error) {
      log.error({ err: error, code: 'ERR_INTERNAL', streamId }, 'a recording could not begin');
      recorder.failed(error);
    }
  }

  async #open(
    stream: BegunStream,
    how: {
      readonly part: number;
      readonly metadata: Buffer | undefined;
      readonly wrote: (error: Error | undefined) => void;
      readonly isAppended: boolean;
    },
  ): Promise<OpenedFile> {
    await this.#folder.look(this.#options, this.#parts.nowMs());
    const refusal = this.#folder.refusal(this.#options);
    if (refusal !== undefined) throw new SluiceError('ERR_RECORDING_NO_ROOM', refusal);
    const opened = await this.#folder.open(stream, { ...how, maxMs: this.#options.maxMs });
    this.counts.started++;
    const { note } = opened;
    this.#parts.events.started(note, { recordId: note.recordId, file: note.file, part: note.part });
    return opened;
  }

  async #close(opened: OpenedFile, reason: RecordEndReason, gaps: number, detail: string | undefined): Promise<void> {
    const { note } = opened;
    this.counts.gaps += gaps;
    if (gaps > 0)
      this.#parts.log.warn({ file: note.file, gaps }, 'recording: the disk was too slow, frames are missing');
    const bytes = await this.#folder.complete(opened, { reason, gaps, detail });
    if (bytes === undefined) {
      this.counts.failures++;
      return;
    }
    this.counts.bytes += bytes;
    this.#count(reason);
  }

  #count(reason: RecordEndReason): void {
    const { ended } = this.counts;
    ended.set(reason, (ended.get(reason) ?? 0) + 1);
    if (reason === 'disk_error' || reason === 'disk_full' || reason === 'error') this.counts.failures++;
  }

  #failed(stream: BegunStream, error: unknown, isAsked: boolean): void {
    this.counts.failures++;
    const { app, name, streamId } = stream;
    const code = error instanceof SluiceError ? error.code : (error as NodeJS.ErrnoException).code;
    this.#parts.log.warn(
      { streamId, stream: `${app}/${name}`, code, err: error },
      'recording: a stream is not recorded',
    );
    if (isAsked) stream.tell('NetStream.Record.NoAccess', 'The stream is not recorded; it goes on live.');
  }

  /** Gives each recorder its turn; others have theirs in between. */
  async #serve(recorders: readonly Recorder[]): Promise<void> {
    this.#isServing = true;
    const { nowMs } = this.#parts;
    let sinceMs = nowMs();
    for (const recorder of recorders) {
      recorder.tick(nowMs());
      if (nowMs() - sinceMs < SHARE_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      sinceMs = nowMs();
    }
    this.#isServing = false;
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#closing.add(work);
    void work.finally(() => this.#closing.delete(work));
    return work;
  }
}
