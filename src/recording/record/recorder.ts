import { copyPayload, readFramed, readPayload } from '../../hub/framing.js';
import type { Player } from '../../hub/player.js';
import type { PlayerSink } from '../../hub/player-sink.js';
import type { RecordEndReason } from '../../model/recording.js';
import { kindOf, type MessageKind, PEEK_BYTES } from './message-kind.js';
import type { RecordFile, TagOf } from './record-file.js';

type Message = ReturnType<typeof readFramed>;

/** A file that is open for a recorder. */
export interface OpenRecord {
  readonly recordId: string;
  readonly file: RecordFile;
  /** Time in the file at which the first frame goes, in ms: 0, or behind what is there already. */
  readonly fromMs: number;
}

/** Bounds of one file. */
export interface Rotation {
  readonly maxBytes: number;
  readonly maxMs: number;
}

/** What a recorder needs of those who keep files. */
interface RecorderFiles {
  /** Bounds that hold now. */
  readonly rotation: Rotation;
  readonly nowMs: () => number;
  /**
   * Opens the next file.
   *
   * @param part 1 for the first
   * @param metadata payload of the stream's onMetaData
   * @param wrote as {@link RecordFile} calls it
   */
  open(part: number, metadata: Buffer | undefined, wrote: (error: Error | undefined) => void): Promise<OpenRecord>;
  /** Completes a file. Never rejects. */
  close(record: OpenRecord, reason: RecordEndReason, gaps: number, detail: string | undefined): Promise<void>;
  /** No file could be opened: nothing is recorded. Never throws. */
  refused(error: unknown): void;
  /** It has begun to end: it is to be detached from its stream. Never throws. */
  detach(): void;
}

/** Longest sequence header that is kept for the next file, and most of them: as the hub keeps them for late joiners. */
const MAX_HEADER_BYTES = 65_536;
const MAX_HEADERS = 64;
/** Past so many times its bounds a file ends at any frame, because no keyframe comes. */
const PATIENCE = 1.5;
/** How long gathered tags wait to be written, in ms: what a crash may cost. */
const MAX_WAIT_MS = 1000;

/**
 * Records one stream. It is a player that nobody watches: {@link Recorder.tick} serves it. Messages become tags as they
 * are, with times from the first frame on. A disk that is too slow makes it a slow player: what it cannot take stays in
 * the log, and past the bounds of a player it skips to the next keyframe.
 */
export class Recorder implements PlayerSink {
  /** Set once it is made. */
  player: Player | undefined;
  /** Nothing is written past what can be taken, so the hub needs not ask. */
  readonly clogged = false;
  readonly #files: RecorderFiles;
  readonly #chunkSize: number;
  /** What is needed before frames can be decoded, by slot; the latest of each. */
  readonly #headers = new Map<string, { readonly type: number; readonly payload: Buffer }>();
  #metadata: Buffer | undefined;
  #record: OpenRecord | undefined;
  #part = 0;
  /** Whether the file has anything but headers. One that has not is never ended for another like it. */
  #isBegun = false;
  /** Timestamp of the first frame of the file. */
  #baseTimestamp = 0;
  /** Skips of the player when the file was begun. */
  #skipsBefore = 0;
  #opening: Promise<void> | undefined;
  /** Framed messages that could not be taken yet, from an offset on. */
  #rest: Buffer = EMPTY;
  #at = 0;
  #end: Promise<void> | undefined;

  /** @param chunkSize with which messages are framed */
  constructor(files: RecorderFiles, chunkSize: number) {
    this.#files = files;
    this.#chunkSize = chunkSize;
  }

  /** Memory that it holds besides the log. */
  get heldBytes(): number {
    let sum = (this.#record?.file.heldBytes ?? 0) + (this.#metadata?.length ?? 0);
    for (const { payload } of this.#headers.values()) sum += payload.length;
    return sum;
  }

  /** Whether a file is open, or being opened. */
  get isOpen(): boolean {
    return this.#record !== undefined || this.#opening !== undefined;
  }

  /** Takes what the stream has, and writes what has waited. Call it a few times a second. */
  tick(nowMs: number): void {
    if (this.#end !== undefined) return;
    try {
      this.player?.visit();
    } catch (error) {
      this.player?.fail(error);
    }
    this.#record?.file.tick(nowMs, MAX_WAIT_MS);
  }

  write(bytes: Buffer): boolean {
    if (this.#end !== undefined) return true;
    this.#rest = bytes;
    this.#at = 0;
    return this.#take(false);
  }

  publisherCame(): void {}

  publisherGone(): void {
    void this.end('stream_ended');
  }

  evicted(): void {
    void this.end('memory');
  }

  failed(error: unknown): void {
    void this.end('error', error instanceof Error ? error.message : String(error));
  }

  /**
   * Ends it: what it was given already becomes part of the file. Calls after the first do nothing.
   *
   * @returns resolves when the file is complete
   */
  end(reason: RecordEndReason, detail?: string): Promise<void> {
    this.#end ??= this.#finish(reason, detail);
    return this.#end;
  }

  async #finish(reason: RecordEndReason, detail: string | undefined): Promise<void> {
    this.#files.detach();
    await this.#opening;
    const isOwed = this.#rest.length > 0;
    // After a failure of the disk nothing can be added.
    if (reason !== 'disk_error' && reason !== 'disk_full' && this.#record !== undefined) this.#take(true);
    this.#rest = EMPTY;
    if (isOwed) this.#drained();
    const record = this.#record;
    this.#record = undefined;
    if (record !== undefined) await this.#files.close(record, reason, this.#gaps, detail);
    this.#headers.clear();
  }

  get #gaps(): number {
    return (this.player?.skips ?? 0) - this.#skipsBefore;
  }

  /** Something can be taken again. */
  #goOn(): void {
    if (this.#rest.length > 0 && this.#take(false)) this.#drained();
  }

  /** The player gets to know that its write has gone. */
  #drained(): void {
    try {
      this.player?.drained();
    } catch (error) {
      this.player?.fail(error);
    }
  }

  /**
   * Takes messages. @param all whether room and bounds do not matter, because no more will come
   * @returns whether all were taken; {@link Recorder.#goOn} goes on otherwise
   */
  #take(all: boolean): boolean {
    while (this.#at < this.#rest.length) {
      if (this.#opening !== undefined) return false;
      const message = readFramed(this.#rest, this.#at, this.#chunkSize);
      const kind = this.#kindOf(message);
      if (kind.kind === 'metadata' || kind.kind === 'config') this.#keep(message, kind);
      if (this.#record === undefined && (kind.kind === 'metadata' || kind.kind === 'config')) {
        this.#at += message.framedBytes;
        continue;
      }
      if (this.#record === undefined) {
        if (all) break;
        this.#open(message.timestamp);
        return false;
      }
      if (!all && this.#record.file.isFull) return false;
      if (!all && this.#isToEndBefore(message, kind)) this.#rotate();
      else {
        this.#put(this.#record, message, kind);
        this.#at += message.framedBytes;
      }
    }
    this.#rest = EMPTY;
    this.#at = 0;
    return true;
  }

  #kindOf(message: Message): MessageKind {
    const { type, payloadOffset, length } = message;
    return kindOf(type, this.#rest.subarray(payloadOffset, payloadOffset + Math.min(length, PEEK_BYTES)));
  }

  /** Keeps a copy for the files that follow. */
  #keep(message: Message, { kind, slot }: MessageKind): void {
    if (message.length > MAX_HEADER_BYTES) return;
    const payload = readPayload(this.#rest, message, this.#chunkSize);
    if (kind === 'metadata') this.#metadata = payload;
    else if (this.#headers.has(slot!) || this.#headers.size < MAX_HEADERS)
      this.#headers.set(slot!, { type: message.type, payload });
  }

  #open(timestamp: number): void {
    this.#baseTimestamp = timestamp;
    this.#isBegun = false;
    this.#skipsBefore = this.player?.skips ?? 0;
    const opened = (record: OpenRecord): void => {
      this.#opening = undefined;
      this.#record = record;
      this.#putHeaders(record);
      if (this.#end === undefined) this.#goOn();
    };
    const failed = (error: unknown): void => {
      this.#opening = undefined;
      if (this.#end === undefined) void this.end('disk_error');
      this.#files.refused(error);
    };
    this.#opening = this.#files.open(++this.#part, this.#metadata, (error) => this.#wrote(error)).then(opened, failed);
  }

  #putHeaders(record: OpenRecord): void {
    for (const { type, payload } of this.#headers.values()) {
      const tag: TagOf = { type, timeMs: record.fromMs, length: payload.length, isKeyframe: false };
      record.file.put(tag, (target, at) => void payload.copy(target, at), this.#files.nowMs);
    }
  }

  #put({ file, fromMs }: OpenRecord, message: Message, { kind }: MessageKind): void {
    const { type, timestamp, length } = message;
    const timeMs = fromMs + this.#sinceBase(timestamp);
    const chunkSize = this.#chunkSize;
    const rest = this.#rest;
    this.#isBegun = true;
    file.put(
      { type, timeMs, length, isKeyframe: kind === 'key' },
      (target, at) => void copyPayload(rest, message, chunkSize, target, at),
      this.#files.nowMs,
    );
  }

  /** Time since the first frame, in ms; timestamps wrap. A frame from before it is moved to it. */
  #sinceBase(timestamp: number): number {
    return Math.max(0, (timestamp - this.#baseTimestamp) | 0);
  }

  /** Whether the file has reached its bounds, and the next one can begin with this message. */
  #isToEndBefore({ timestamp }: Message, { kind }: MessageKind): boolean {
    const { state } = this.#record!.file;
    const { maxBytes, maxMs } = this.#files.rotation;
    const reached = Math.max(state.bytes / maxBytes, this.#sinceBase(timestamp) / maxMs);
    if (reached < 1 || !this.#isBegun) return false;
    return kind === 'key' || (kind !== 'config' && (!state.hasVideo || reached >= PATIENCE));
  }

  #rotate(): void {
    const record = this.#record!;
    this.#record = undefined;
    void this.#files.close(record, 'rotated', this.#gaps, undefined);
  }

  #wrote(error: Error | undefined): void {
    if (error === undefined) {
      if (this.#end === undefined) this.#goOn();
      return;
    }
    const { code } = error as NodeJS.ErrnoException;
    void this.end(code === 'ENOSPC' || code === 'EDQUOT' ? 'disk_full' : 'disk_error', code ?? error.message);
  }
}

const EMPTY = Buffer.alloc(0);
