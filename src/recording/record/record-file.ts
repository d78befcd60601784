import type { FileHandle } from 'node:fs/promises';
import { BACK_POINTER_BYTES, FlvTagType, TAG_HEADER_BYTES } from '../../flv/flv-format.js';
import type { FlvHead } from './flv-head.js';
import type { KeyframeIndex } from './keyframe-index.js';

/** What of a file handle is needed. */
type WritableFile = Pick<FileHandle, 'write' | 'truncate' | 'datasync' | 'sync' | 'close'>;

/** Bytes that are gathered for one write: a write costs by the call, and 256 KiB are a thousandth of what it moves. */
const FLUSH_BYTES = 262_144;
/** Where gathering begins: a stream of 500 kbit/s has so much in a second. */
const LEAST_BYTES = 65_536;

/** How far a file has come. */
export interface FileState {
  /** Size, whole tags only. */
  readonly bytes: number;
  /** Time of the last tag, in ms. */
  readonly lastMs: number;
  readonly lastKeyframeMs: number;
  readonly hasAudio: boolean;
  readonly hasVideo: boolean;
  readonly endsWithKeyframe: boolean;
}

/** The tag of one message. */
export interface TagOf {
  /** Of the message. */
  readonly type: number;
  /** Time in the file, in ms. */
  readonly timeMs: number;
  /** Payload bytes. */
  readonly length: number;
  readonly isKeyframe: boolean;
}

/**
 * One file that is being recorded. Tags are gathered in memory and written in large pieces, one write at a time; while
 * it goes on, the next piece is gathered. Every piece ends with a whole tag.
 */
export class RecordFile {
  readonly index: KeyframeIndex;
  readonly #file: WritableFile;
  readonly #head: FlvHead;
  /** Called when a write has gone; `error` when it failed. Nothing is written after that. */
  readonly #wrote: (error: Error | undefined) => void;
  #stage: Buffer = Buffer.alloc(0);
  #used = 0;
  /** Buffer of the piece before, to be used again. */
  #other: Buffer = Buffer.alloc(0);
  /** Size of the buffer of the piece before: the next one has the same at once, and is not moved as it grows. */
  #lastBytes = 0;
  #writing: Promise<void> | undefined;
  #failure: Error | undefined;
  /** Bytes that are written. */
  #written: number;
  /** What is known up to the end of the gathered tags, and up to `#written`. */
  #state: FileState;
  #safe: FileState;
  #gatheredMs = 0;

  /**
   * @param file positioned writes; closed by {@link RecordFile.finish}
   * @param state of what is there already, head included
   * @param index of what is there already
   */
  constructor(
    file: WritableFile,
    head: FlvHead,
    state: FileState,
    index: KeyframeIndex,
    wrote: (error: Error | undefined) => void,
  ) {
    this.#file = file;
    this.#head = head;
    this.#state = state;
    this.#safe = state;
    this.#written = state.bytes;
    this.index = index;
    this.#wrote = wrote;
  }

  /** Makes the state of a file that has only its head. */
  static begun(head: FlvHead): FileState {
    const none = { hasAudio: false, hasVideo: false, endsWithKeyframe: false };
    return { bytes: head.bytes, lastMs: 0, lastKeyframeMs: 0, ...none };
  }

  /** How far it has come, gathered tags included. */
  get state(): FileState {
    return this.#state;
  }

  /** Whether nothing can be added before a write has gone. */
  get isFull(): boolean {
    return this.#used >= FLUSH_BYTES && this.#writing !== undefined;
  }

  /** Memory that it holds. */
  get heldBytes(): number {
    return this.#stage.length + this.#other.length;
  }

  /**
   * Adds a tag.
   *
   * @param body writes the payload at an offset of a buffer, which has room for it
   * @param nowMs monotonic; asked for the first tag of a piece only
   */
  put(tag: TagOf, body: (target: Buffer, at: number) => void, nowMs: () => number): void {
    const { type, timeMs, length, isKeyframe } = tag;
    const bytes = TAG_HEADER_BYTES + length + BACK_POINTER_BYTES;
    // A buffer of that size is enough, then, unless a tag is very large.
    if (this.#used >= FLUSH_BYTES / 2 && this.#used + bytes > FLUSH_BYTES) this.#flush();
    if (this.#used === 0) this.#gatheredMs = nowMs();
    this.#makeRoom(bytes);
    const stage = this.#stage;
    const at = this.#used;
    stage[at] = type;
    stage.writeUIntBE(length, at + 1, 3);
    stage.writeUIntBE(timeMs & 0xffffff, at + 4, 3);
    stage[at + 7] = timeMs >>> 24;
    stage.writeUIntBE(0, at + 8, 3);
    body(stage, at + TAG_HEADER_BYTES);
    stage.writeUInt32BE(TAG_HEADER_BYTES + length, at + TAG_HEADER_BYTES + length);
    this.#used = at + bytes;
    if (isKeyframe) this.index.add(timeMs, this.#state.bytes);
    this.#state = stateAfter(this.#state, tag);
    if (this.#used >= FLUSH_BYTES) this.#flush();
  }

  /** Writes what has waited for so long. Call it a few times a second. */
  tick(nowMs: number, maxWaitMs: number): void {
    if (this.#used > 0 && nowMs - this.#gatheredMs >= maxWaitMs) this.#flush();
  }

  /**
   * Writes what is left, and the head with what is known by now, makes sure that all of it is on disk, and closes the
   * file. Where a write had failed, the file is cut behind the last piece that was written.
   *
   * @returns what the file holds
   * @throws the system's error; the file is closed then, too
   */
  async finish(): Promise<FileState> {
    try {
      while (this.#failure === undefined && (this.#writing !== undefined || this.#used > 0)) {
        if (this.#writing === undefined) this.#flush();
        await this.#writing;
      }
      this.#stage = this.#other = Buffer.alloc(0);
      const state = this.#failure === undefined ? this.#state : this.#safe;
      if (this.#failure !== undefined) {
        this.index.cut(state.bytes);
        await this.#file.truncate(state.bytes);
      }
      await writeAll(this.#file, completeHead(this.#head, state, this.index), 0);
      await this.#file.sync();
      return state;
    } finally {
      await this.#file.close();
    }
  }

  #makeRoom(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#stage.length) return;
    let size = Math.max(LEAST_BYTES, this.#stage.length, this.#lastBytes);
    while (size < needed) size *= 2;
    const larger = this.#other.length >= size ? this.#other : Buffer.allocUnsafeSlow(size);
    if (larger === this.#other) this.#other = Buffer.alloc(0);
    this.#stage.copy(larger, 0, 0, this.#used);
    this.#stage = larger;
  }

  #flush(): void {
    if (this.#writing !== undefined || this.#failure !== undefined) return;
    const [piece, state, at] = [this.#stage.subarray(0, this.#used), this.#state, this.#written];
    const buffer = this.#stage;
    this.#lastBytes = Math.min(buffer.length, FLUSH_BYTES);
    this.#stage = this.#other;
    this.#other = Buffer.alloc(0);
    this.#used = 0;
    this.#writing = writeAll(this.#file, piece, at).then(
      () => {
        this.#written = at + piece.length;
        this.#safe = state;
        this.#over(buffer, undefined);
      },
      (error: Error) => this.#over(buffer, error),
    );
  }

  #over(buffer: Buffer, error: Error | undefined): void {
    this.#writing = undefined;
    this.#failure = error;
    // One that was needed for a large message is not kept.
    if (buffer.length <= 2 * FLUSH_BYTES) this.#other = buffer;
    if (error === undefined && this.#used >= FLUSH_BYTES) this.#flush();
    this.#wrote(error);
  }
}

/** The state of a file behind one more tag. */
export function stateAfter(state: FileState, { type, timeMs, length, isKeyframe }: TagOf): FileState {
  return {
    bytes: state.bytes + TAG_HEADER_BYTES + length + BACK_POINTER_BYTES,
    lastMs: Math.max(state.lastMs, timeMs),
    lastKeyframeMs: isKeyframe ? timeMs : state.lastKeyframeMs,
    hasAudio: state.hasAudio || type === FlvTagType.Audio,
    hasVideo: state.hasVideo || type === FlvTagType.Video,
    endsWithKeyframe: type === FlvTagType.Video ? isKeyframe : state.endsWithKeyframe,
  };
}

/** The head of a file that is complete. */
export function completeHead(head: FlvHead, state: FileState, index: KeyframeIndex): Buffer {
  const { bytes, lastMs, lastKeyframeMs, hasAudio, hasVideo, endsWithKeyframe } = state;
  return head.write({ bytes, lastMs, lastKeyframeMs, hasAudio, hasVideo, canSeekToEnd: endsWithKeyframe }, index);
}

/** Writes all of it: the system may take a part. @throws the system's error */
export async function writeAll(file: Pick<FileHandle, 'write'>, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}
