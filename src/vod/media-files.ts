import type { FileHandle } from 'node:fs/promises';
import { SluiceError } from '../core/errors.js';
import type { ReadAt } from '../core/read-at.js';
import { indexFlv } from '../flv/flv-index.js';
import { indexMp4 } from '../mp4/mp4-index.js';
import { BLOCK_BYTES, type BlockCache } from './block-cache.js';
import { FlvSource } from './flv-source.js';
import { areHere, type MediaSource, type ReadPart } from './media-source.js';
import { Mp4Source } from './mp4-source.js';

/** A part longer than this is read by itself, because it would push everything else out of the cache, in bytes. */
const MAX_CACHED_PART_BYTES = 8 * BLOCK_BYTES;
/** How long a file that nobody plays stays open, in ms: clients ask for its length, then play it, then seek anew. */
const IDLE_MS = 30_000;

/** Opens files below `media.root`. */
export interface MediaFolder {
  /** @throws SluiceError `ERR_MEDIA_MISSING`, `ERR_MEDIA_PATH`; otherwise the system's error */
  read(path: string): Promise<FileHandle>;
}

/** Bounds of {@link MediaFiles}. Every number is a setting of the group `vod`. */
interface MediaFilesOptions {
  readonly maxFiles: number;
  readonly maxIndexBytes: number;
}

/** A file that is open. All players of it share the handle and the index. */
export interface OpenFile {
  readonly path: string;
  readonly source: MediaSource;
  /** It is no longer needed. Call it once. */
  release(): void;
}

/** An open file and those who use it. */
interface Entry {
  readonly id: number;
  readonly path: string;
  /** Tells another file under the same path, or other contents, apart. */
  readonly stamp: string;
  readonly handle: FileHandle;
  source: Promise<MediaSource>;
  heldBytes: number;
  users: number;
  idleSinceMs: number;
}

/** The recorded files that are open, each once for all its players. */
export class MediaFiles {
  #options: MediaFilesOptions;
  readonly #folder: MediaFolder;
  readonly #cache: BlockCache;
  readonly #nowMs: () => number;
  readonly #entries = new Map<string, Entry>();
  /** Entries of files that were replaced while they are played. */
  readonly #replaced = new Set<Entry>();
  #lastId = 0;

  constructor(options: MediaFilesOptions, folder: MediaFolder, cache: BlockCache, nowMs: () => number) {
    this.#options = options;
    this.#folder = folder;
    this.#cache = cache;
    this.#nowMs = nowMs;
  }

  /** Other bounds hold for files that are opened from now on. */
  change(options: MediaFilesOptions): void {
    this.#options = options;
  }

  /** Files that are open. */
  get size(): number {
    return this.#entries.size + this.#replaced.size;
  }

  /** Memory of all indexes, in bytes. */
  get heldBytes(): number {
    let sum = 0;
    for (const { heldBytes } of this.#entries.values()) sum += heldBytes;
    for (const { heldBytes } of this.#replaced) sum += heldBytes;
    return sum;
  }

  /**
   * Opens a file, or shares the one that is open already when it has not changed since.
   *
   * @param path below the root
   * @throws SluiceError `ERR_MEDIA_*`, `ERR_FLV_*`, `ERR_MP4_*`, `ERR_VOD_INDEX`, `ERR_VOD_FILE`, `ERR_LIMIT_VOD_FILES`
   */
  async open(path: string): Promise<OpenFile> {
    const handle = await this.#folder.read(path).catch((cause: unknown) => {
      throw fileError(cause);
    });
    let entry: Entry;
    try {
      const { size, mtimeMs, ino, dev } = await handle.stat();
      const stamp = `${dev} ${ino} ${size} ${mtimeMs}`;
      const known = this.#entries.get(path);
      if (known?.stamp === stamp) {
        // Not waited for: meanwhile the entry could be closed as one that nobody uses.
        handle.close().catch(() => undefined);
        entry = known;
      } else entry = this.#add(path, stamp, handle, size, known);
    } catch (cause) {
      await handle.close().catch(() => undefined);
      throw fileError(cause);
    }
    entry.users++;
    try {
      return this.#opened(entry, await entry.source);
    } catch (cause) {
      this.#release(entry);
      this.#forget(entry);
      throw fileError(cause);
    }
  }

  /** Closes files that nobody has used for a while. Call it about once a second. */
  tick(nowMs: number): void {
    for (const entry of this.#entries.values())
      if (entry.users === 0 && nowMs - entry.idleSinceMs >= IDLE_MS) this.#forget(entry);
  }

  /** Closes the files that nobody uses. @returns bytes of their indexes */
  closeIdle(): number {
    let freed = 0;
    for (const entry of [...this.#entries.values()]) {
      if (entry.users > 0) continue;
      freed += entry.heldBytes;
      this.#forget(entry);
    }
    return freed;
  }

  #add(path: string, stamp: string, handle: FileHandle, size: number, before: Entry | undefined): Entry {
    if (before !== undefined) this.#forget(before);
    if (this.size >= this.#options.maxFiles) {
      const idle = [...this.#entries.values()].filter(({ users }) => users === 0);
      if (idle.length === 0) throw new SluiceError('ERR_LIMIT_VOD_FILES');
      this.#forget(idle.reduce((oldest, entry) => (entry.idleSinceMs < oldest.idleSinceMs ? entry : oldest)));
    }
    const id = ++this.#lastId;
    const source = this.#index(id, handle, size);
    const entry: Entry = { id, path, stamp, handle, source, heldBytes: 0, users: 0, idleSinceMs: this.#nowMs() };
    source.then(
      ({ heldBytes }) => {
        entry.heldBytes = heldBytes;
      },
      // Whoever waits for it is told.
      () => undefined,
    );
    this.#entries.set(path, entry);
    return entry;
  }

  #opened(entry: Entry, source: MediaSource): OpenFile {
    let isReleased = false;
    return {
      path: entry.path,
      source,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        this.#release(entry);
      },
    };
  }

  #release(entry: Entry): void {
    entry.users--;
    entry.idleSinceMs = this.#nowMs();
    if (entry.users === 0 && this.#replaced.delete(entry)) close(entry);
  }

  /** Nobody gets this entry any more. It is closed once nobody uses it. */
  #forget(entry: Entry): void {
    if (this.#entries.get(entry.path) === entry) this.#entries.delete(entry.path);
    else if (!this.#replaced.has(entry)) return;
    if (entry.users > 0) this.#replaced.add(entry);
    else {
      this.#replaced.delete(entry);
      close(entry);
    }
  }

  async #index(id: number, handle: FileHandle, size: number): Promise<MediaSource> {
    const read: ReadAt = (position, bytes) => readAt(handle, position, Math.min(bytes, size - position));
    const cached = this.#cachedReader(id, handle, size);
    const start = await read(0, 3);
    if (start.toString('latin1') === 'FLV') return new FlvSource(await indexFlv(read, size), cached);
    return new Mp4Source(await indexMp4(read, size, this.#options.maxIndexBytes), cached);
  }

  #cachedReader(id: number, handle: FileHandle, size: number): ReadPart {
    const readBlock = (block: number): Promise<Buffer> => {
      const position = block * BLOCK_BYTES;
      return readAt(handle, position, Math.min(BLOCK_BYTES, size - position));
    };
    const whole = (bytes: Buffer, wanted: number): Buffer => {
      if (bytes.length < wanted) throw new SluiceError('ERR_VOD_FILE', 'it is shorter than it was');
      return bytes;
    };
    return (position, bytes) => {
      if (bytes > MAX_CACHED_PART_BYTES) return readAt(handle, position, bytes).then((read) => whole(read, bytes));
      const first = Math.floor(position / BLOCK_BYTES);
      const last = Math.floor((position + Math.max(bytes, 1) - 1) / BLOCK_BYTES);
      const from = position - first * BLOCK_BYTES;
      if (first === last) {
        const block = this.#cache.get(id, first, readBlock);
        if (block instanceof Promise) return block.then((read) => whole(read.subarray(from, from + bytes), bytes));
        return whole(block.subarray(from, from + bytes), bytes);
      }
      const blocks = Array.from({ length: last - first + 1 }, (_, i) => this.#cache.get(id, first + i, readBlock));
      const joined = (all: readonly Buffer[]): Buffer => whole(joinedPart(all, from, bytes), bytes);
      return areHere(blocks) ? joined(blocks) : Promise.all(blocks).then(joined);
    };
  }
}

/** The bytes from `from` on of blocks that follow each other; fewer where the last block is short. */
function joinedPart(blocks: readonly Buffer[], from: number, bytes: number): Buffer {
  const out = Buffer.allocUnsafe(bytes);
  let done = 0;
  for (const [i, block] of blocks.entries()) {
    const start = i === 0 ? from : 0;
    done += block.copy(out, done, start, Math.min(block.length, start + bytes - done));
  }
  return out.subarray(0, done);
}

async function readAt(handle: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.max(0, bytes));
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done).catch((cause) => {
      throw fileError(cause);
    });
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

function close({ handle }: Entry): void {
  // A read that is under way is finished first. Nothing can be done about a close that fails.
  handle.close().catch(() => undefined);
}

/** What the system says of a file, as a code. The path is left out: the client is told this. */
function fileError(cause: unknown): unknown {
  if (cause instanceof SluiceError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return new SluiceError('ERR_VOD_FILE', code, { cause });
}
