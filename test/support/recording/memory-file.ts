import type { Player } from '../../../src/hub/player.js';
import type { RecordEndReason } from '../../../src/model/recording.js';
import { FlvHead } from '../../../src/recording/record/flv-head.js';
import { KeyframeIndex } from '../../../src/recording/record/keyframe-index.js';
import { type FileState, RecordFile } from '../../../src/recording/record/record-file.js';
import { type OpenRecord, Recorder, type Rotation } from '../../../src/recording/record/recorder.js';

/** A file in memory, for what writes and reads by position. */
export class MemoryFile {
  bytes: Buffer;
  isClosed = false;
  /** Writes wait until {@link MemoryFile.release} is called. */
  isSlow = false;
  /** Thrown by the writes that come. */
  failure: Error | undefined;
  #waiting: (() => void)[] = [];

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.bytes = bytes;
  }

  async write(from: Buffer, offset: number, length: number, at: number): Promise<{ bytesWritten: number }> {
    if (this.isSlow) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.failure !== undefined) throw this.failure;
    // The system may take less than it is given.
    const bytesWritten = Math.min(length, 50_000);
    if (at + bytesWritten > this.bytes.length)
      this.bytes = Buffer.concat([this.bytes, Buffer.alloc(at + bytesWritten - this.bytes.length)]);
    from.copy(this.bytes, at, offset, offset + bytesWritten);
    return { bytesWritten };
  }

  /** Lets every write go on, and those that come. */
  release(): void {
    this.isSlow = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  async read(to: Buffer, offset: number, length: number, at: number): Promise<{ bytesRead: number }> {
    return { bytesRead: this.bytes.copy(to, offset, at, Math.min(this.bytes.length, at + length)) };
  }

  async stat(): Promise<{ size: number }> {
    return { size: this.bytes.length };
  }

  async truncate(bytes: number): Promise<void> {
    this.bytes = this.bytes.subarray(0, bytes);
  }

  async datasync(): Promise<void> {}

  async sync(): Promise<void> {}

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

/** A recorder whose files are in memory. */
export class RecorderHarness {
  readonly files: MemoryFile[] = [];
  readonly ended: { readonly reason: RecordEndReason; readonly gaps: number; readonly state: FileState | undefined }[] =
    [];
  readonly refusals: unknown[] = [];
  rotation: Rotation = { maxBytes: Number.POSITIVE_INFINITY, maxMs: Number.POSITIVE_INFINITY };
  detached = 0;
  /** How often the player was told that its write has gone. */
  drained = 0;
  visits = 0;
  skips = 0;
  /** Called before a file is opened. */
  opening: () => Promise<void> = () => Promise.resolve();
  nowMs = 0;
  readonly recorder: Recorder;

  constructor(chunkSize: number, capacity = 8) {
    const harness = this;
    this.recorder = new Recorder(
      {
        get rotation() {
          return harness.rotation;
        },
        nowMs: () => this.nowMs,
        open: async (part, metadata, wrote) => {
          await this.opening();
          const file = new MemoryFile();
          this.files.push(file);
          const head = FlvHead.of(metadata, capacity);
          await file.write(head.begin(), 0, head.bytes, 0);
          const record = new RecordFile(
            file as never,
            head,
            RecordFile.begun(head),
            new KeyframeIndex(capacity),
            wrote,
          );
          return { recordId: String(part), file: record, fromMs: 0 };
        },
        close: async (record: OpenRecord, reason, gaps) => {
          const state = await record.file.finish().catch(() => undefined);
          this.ended.push({ reason, gaps, state });
        },
        refused: (error) => this.refusals.push(error),
        detach: () => void this.detached++,
      },
      chunkSize,
    );
    this.recorder.player = {
      get skips() {
        return harness.skips;
      },
      visit: () => void this.visits++,
      drained: () => void this.drained++,
      fail: (error: unknown) => this.recorder.failed(error),
    } as unknown as Player;
  }

  /** Writes as a player does: the next piece only when the one before is taken. */
  async play(bytes: Buffer): Promise<void> {
    const before = this.drained;
    if (this.recorder.write(bytes)) return;
    for (let turns = 0; this.drained === before; turns++) {
      if (turns > 1000) throw new Error('the recorder takes nothing more');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
