import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOwn, isStill, isWritable, MAKE_OR_WRITE, openOwn, ownFolder, readOwn } from '../../core/own-files.js';

/**
 * Where segments are kept. Appends are positional, so that a failed one can be tried again over its own torn bytes. One
 * implementation keeps files, one keeps memory; tests add faults by wrapping either.
 */
export interface SegmentStorage {
  /** Names of the segments there are, in order. */
  list(): Promise<string[]>;
  read(name: string): Promise<Buffer>;
  /** At most `length` bytes of a segment from `position` on; fewer only at its end. */
  readAt(name: string, position: number, length: number): Promise<Buffer>;
  /** Makes `name` the segment that {@link write} and {@link sync} act on, created when missing. */
  open(name: string): Promise<void>;
  /**
   * Writes all of `bytes` at `position` of the open segment. Rejects with the system's error (`code` ENOSPC …) when it
   * cannot.
   */
  write(bytes: Buffer, position: number): Promise<void>;
  /** Cuts the open segment to `length` bytes. */
  truncate(length: number): Promise<void>;
  /** Makes the open segment's bytes survive a power loss. */
  sync(): Promise<void>;
  remove(name: string): Promise<void>;
  /** Bytes of space that are reserved now. */
  readonly reserved: number;
  /** Reserves `bytes` of space, as far as the storage can. Rejects when there is no room for more. */
  reserve(bytes: number): Promise<void>;
  /**
   * Checks that written data can be found again: that the segments are still where they were opened, and that more can
   * be made there. Rejects with the system's error when not, although writes to the open segment may still succeed.
   */
  verify(): Promise<void>;
  close(): Promise<void>;
}

const SEGMENT_NAME = /^\d{16}\.journal$/;

/** Whether a file of the journal's folder is a segment. */
export function isSegmentName(name: string): boolean {
  return SEGMENT_NAME.test(name);
}

/** Name of the segment whose first record is `sequence`; sorts by sequence. */
export function segmentName(sequence: number): string {
  return `${String(sequence).padStart(16, '0')}.journal`;
}

/**
 * Segments as files (mode 0600) in one folder (mode 0700), with a file of zeros that reserves space for the ends of
 * open streams.
 */
export class FileStorage implements SegmentStorage {
  readonly #dir: string;
  readonly #keep: () => Promise<void>;
  #file: FileHandle | undefined;
  #folder: Stats | undefined;
  #segment: { readonly path: string; readonly opened: Stats } | undefined;
  #reserved = 0;

  /** @param keep called with each {@link verify}; rejects when the folder no longer belongs to this process alone */
  constructor(dir: string, keep: () => Promise<void> = () => Promise.resolve()) {
    this.#dir = dir;
    this.#keep = keep;
  }

  get reserved(): number {
    return this.#reserved;
  }

  async list(): Promise<string[]> {
    await ownFolder(this.#dir);
    this.#folder = await lstat(this.#dir);
    await this.#measureReserve();
    return (await readdir(this.#dir)).filter(isSegmentName).sort();
  }

  read(name: string): Promise<Buffer> {
    return readOwn(join(this.#dir, name));
  }

  async readAt(name: string, position: number, length: number): Promise<Buffer> {
    const file = await openOwn(join(this.#dir, name));
    try {
      const bytes = Buffer.allocUnsafe(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(bytes, done, length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    } finally {
      await file.close();
    }
  }

  async open(name: string): Promise<void> {
    const previous = this.#file;
    const path = join(this.#dir, name);
    this.#file = await openOwn(path, MAKE_OR_WRITE);
    this.#segment = { path, opened: await this.#file.stat() };
    await previous?.close();
    await this.#syncFolder();
  }

  async write(bytes: Buffer, position: number): Promise<void> {
    // A full file system may take a part of a write without an error and refuse only the next call.
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#handle().write(bytes, done, bytes.length - done, position + done);
      if (bytesWritten === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' });
      done += bytesWritten;
    }
  }

  async truncate(length: number): Promise<void> {
    await this.#handle().truncate(length);
  }

  async sync(): Promise<void> {
    await this.#handle().datasync();
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#dir, name), { force: true });
  }

  async reserve(bytes: number): Promise<void> {
    if (bytes === this.#reserved) return;
    const file = await openOwn(join(this.#dir, 'reserve'), MAKE_OR_WRITE);
    try {
      if (bytes < this.#reserved) {
        await file.truncate(bytes);
        this.#reserved = bytes;
        return;
      }
      // Zeros are written, instead of setting the size: a sparse file would reserve nothing.
      const block = Buffer.alloc(Math.min(bytes - this.#reserved, 1 << 20));
      while (this.#reserved < bytes) {
        const want = Math.min(block.length, bytes - this.#reserved);
        const { bytesWritten } = await file.write(block, 0, want, this.#reserved);
        if (bytesWritten === 0) throw Object.assign(new Error('no room to reserve'), { code: 'ENOSPC' });
        this.#reserved += bytesWritten;
      }
    } finally {
      await file.close();
    }
  }

  async verify(): Promise<void> {
    // The checks run at the same time, because a start waits for them. The first failure in the order of the list is
    // reported.
    const looks = await Promise.allSettled([
      this.#folder && isStill(this.#dir, this.#folder).catch(because('the folder is gone; bring it back, or restart')),
      isWritable(this.#dir).catch(because('no file can be made in the folder')),
      this.#segment &&
        isStill(this.#segment.path, this.#segment.opened).catch(because('the open file is gone; restart the server')),
      this.#keep(),
    ]);
    for (const look of looks) if (look.status === 'rejected') throw look.reason;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  #handle(): FileHandle {
    if (this.#file === undefined) throw new Error('no segment is open');
    return this.#file;
  }

  async #syncFolder(): Promise<void> {
    const folder = await open(this.#dir, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async #measureReserve(): Promise<void> {
    const path = join(this.#dir, 'reserve');
    await checkOwn(path);
    this.#reserved = await lstat(path).then(
      ({ size }) => size,
      () => 0,
    );
  }
}

/** Puts a description in front of the system's words. */
function because(what: string): (cause: NodeJS.ErrnoException) => never {
  return (cause) => {
    throw Object.assign(new Error(`${what} (${cause.message})`, { cause }), { code: cause.code });
  };
}

/** Segments in memory, for servers without a data folder and for tests. */
export class MemoryStorage implements SegmentStorage {
  readonly segments = new Map<string, Buffer>();
  reserved = 0;
  #name = '';

  list(): Promise<string[]> {
    return Promise.resolve([...this.segments.keys()].sort());
  }

  read(name: string): Promise<Buffer> {
    return Promise.resolve(Buffer.from(this.segments.get(name) ?? Buffer.alloc(0)));
  }

  readAt(name: string, position: number, length: number): Promise<Buffer> {
    const held = this.segments.get(name) ?? Buffer.alloc(0);
    return Promise.resolve(Buffer.from(held.subarray(position, position + length)));
  }

  open(name: string): Promise<void> {
    this.#name = name;
    if (!this.segments.has(name)) this.segments.set(name, Buffer.alloc(0));
    return Promise.resolve();
  }

  write(bytes: Buffer, position: number): Promise<void> {
    const held = this.segments.get(this.#name) ?? Buffer.alloc(0);
    const end = position + bytes.length;
    // Grown in steps: one copy per append would make long histories quadratic. The spare bytes are zeros, which end a
    // scan.
    const next = end <= held.length ? held : Buffer.concat([held, Buffer.alloc(Math.max(end - held.length, 1 << 16))]);
    bytes.copy(next, position);
    this.segments.set(this.#name, next);
    return Promise.resolve();
  }

  truncate(length: number): Promise<void> {
    const held = this.segments.get(this.#name);
    if (held !== undefined) this.segments.set(this.#name, Buffer.from(held.subarray(0, length)));
    return Promise.resolve();
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  remove(name: string): Promise<void> {
    this.segments.delete(name);
    return Promise.resolve();
  }

  reserve(bytes: number): Promise<void> {
    this.reserved = bytes;
    return Promise.resolve();
  }

  verify(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
