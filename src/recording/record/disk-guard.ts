import type { Logger } from '../../core/log.js';
import type { FileStore } from '../file-store.js';

/** What of a {@link FileStore} is needed. */
type CountedStore = Pick<FileStore, 'list' | 'size' | 'freeBytes'>;

/** Bounds of what recordings may take. */
export interface DiskBounds {
  /** Bytes of all recordings; 0: any. */
  readonly quotaBytes: number;
  /** Bytes that stay free; 0: none. */
  readonly minFreeBytes: number;
}

/** How often the file system is asked while something is recorded, in ms. */
const ASK_EVERY_MS = 1000;
/** How often files are counted anew, in ms: somebody may have removed some. */
const COUNT_EVERY_MS = 60_000;
/** Most files and folders that are counted. With more, what is there is more than what is found. */
const MAX_ENTRIES = 100_000;
/** Ending of a file that is not complete. */
const PART = '.part';
const RECORDED = /\.flv(?:\.part)?$/;

/** Finds out whether there is room for recordings: free space of the file system, and the quota. */
export class DiskGuard {
  readonly #store: CountedStore;
  readonly #log: Logger;
  #freeBytes = Number.POSITIVE_INFINITY;
  /** Bytes of recordings at the last count; undefined before the first. */
  #counted: number | undefined;
  /** Bytes written since then. */
  #since = 0;
  /** Sizes that files had at the last count which were not complete then, by the path of the complete file. */
  #counting: ReadonlyMap<string, number> = new Map();
  #askedMs = Number.NEGATIVE_INFINITY;
  #countedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(store: CountedStore, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /**
   * A file is complete.
   *
   * @param bytes its size
   * @param before its size when it was opened
   */
  added(path: string, bytes: number, before: number): void {
    // A part of it may have been counted while it was recorded.
    this.#since += bytes - (this.#counting.get(path) ?? before);
  }

  /** Why nothing may be recorded, by what is known now. */
  refusal({ quotaBytes, minFreeBytes }: DiskBounds): 'quota' | 'disk_full' | undefined {
    if (this.#freeBytes < minFreeBytes) return 'disk_full';
    const taken = (this.#counted ?? 0) + this.#since;
    return quotaBytes > 0 && taken >= quotaBytes ? 'quota' : undefined;
  }

  /** Asks the system again when it is time for that. Never rejects; calls that overlap wait for one answer. */
  look(bounds: DiskBounds, nowMs: number): Promise<void> {
    if (this.#asking === undefined && nowMs - this.#askedMs >= ASK_EVERY_MS) {
      this.#askedMs = nowMs;
      this.#asking = this.#ask(bounds, nowMs).finally(() => {
        this.#asking = undefined;
      });
    }
    return this.#asking ?? Promise.resolve();
  }

  async #ask({ quotaBytes, minFreeBytes }: DiskBounds, nowMs: number): Promise<void> {
    try {
      if (minFreeBytes > 0) this.#freeBytes = await this.#store.freeBytes();
      if (quotaBytes === 0 || nowMs - this.#countedMs < COUNT_EVERY_MS) return;
      this.#countedMs = nowMs;
      const before = this.#since;
      this.#counted = await this.#count();
      this.#since -= before;
    } catch (error) {
      this.#log.warn({ err: error }, 'recording: it cannot be found out how much room there is');
    }
  }

  async #count(): Promise<number> {
    const counting = new Map<string, number>();
    let bytes = 0;
    let left = MAX_ENTRIES;
    const folders = [''];
    for (let folder = folders.pop(); folder !== undefined && left > 0; folder = folders.pop()) {
      for (const { name, kind } of await this.#store.list(folder)) {
        if (left-- <= 0) break;
        const path = folder === '' ? name : `${folder}/${name}`;
        // A file may go meanwhile; a name that is refused is none of a recording.
        if (kind === 'folder') folders.push(path);
        else if (RECORDED.test(name)) {
          const size = await this.#store.size(path).catch(() => 0);
          bytes += size;
          if (path.endsWith(PART)) counting.set(path.slice(0, -PART.length), size);
        }
      }
    }
    if (left <= 0)
      this.#log.warn({ files: MAX_ENTRIES }, 'recording: media.root holds more than is counted for the quota');
    this.#counting = counting;
    return bytes;
  }
}
