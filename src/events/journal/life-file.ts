import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isStill, MAKE_OR_WRITE, openOwn, readOwn } from '../../core/own-files.js';
import type { Totals } from '../../model/totals.js';
import { crc32c } from './crc32c.js';

/** The last sign of life of a process. */
export interface LifeRecord {
  readonly bootId: string;
  /** Wall clock, milliseconds since the epoch. */
  readonly wallMs: number;
  /** The totals of each open stream at that time, by stream id. */
  readonly totals: Readonly<Record<string, Totals>>;
}

const HEADER_BYTES = 8;

/**
 * The heartbeat record of the journal. It is overwritten in place, in two files by turns, so that a stream of weeks
 * does not grow the journal and a full disk does not stop it. Layout: `u32 LE length · u32 LE crc32c · JSON`.
 */
export class LifeFile {
  readonly #dir: string;
  readonly #files: ({ readonly handle: FileHandle; readonly opened: Stats } | undefined)[] = [undefined, undefined];
  #turn = 0;
  #trouble = '';

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Why the newest record could not be written; empty when it could. */
  get trouble(): string {
    return this.#trouble;
  }

  /**
   * The newest whole record, if there is one.
   *
   * @throws SluiceError ERR_DATA_FOLDER_NOT_OURS; the system's error when a file is there and cannot be read
   */
  async read(): Promise<LifeRecord | undefined> {
    const found: LifeRecord[] = [];
    for (const turn of [0, 1]) {
      const bytes = await readOwn(this.#path(turn)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (bytes === undefined || bytes.length < HEADER_BYTES) continue;
      const end = HEADER_BYTES + bytes.readUInt32LE(0);
      if (end > bytes.length || crc32c(bytes, HEADER_BYTES, end) !== bytes.readUInt32LE(4)) continue;
      found.push(JSON.parse(bytes.toString('utf8', HEADER_BYTES, end)) as LifeRecord);
    }
    return found.sort((a, b) => b.wallMs - a.wallMs)[0];
  }

  /**
   * Writes a record; one call at a time. Never rejects: the other file still holds the record before, and {@link
   * trouble} says why.
   */
  async write(record: LifeRecord): Promise<void> {
    try {
      const json = Buffer.from(JSON.stringify(record), 'utf8');
      const bytes = Buffer.alloc(HEADER_BYTES + json.length);
      bytes.writeUInt32LE(json.length, 0);
      json.copy(bytes, HEADER_BYTES);
      bytes.writeUInt32LE(crc32c(bytes, HEADER_BYTES), 4);
      this.#turn ^= 1;
      const file = await this.#open(this.#turn);
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, done);
        if (bytesWritten === 0) throw new Error('ENOSPC: no space left on device, write');
        done += bytesWritten;
      }
      this.#trouble = '';
    } catch (error) {
      this.#trouble = (error as Error).message;
    }
  }

  /** Closes the files. */
  async close(): Promise<void> {
    for (const file of this.#files.splice(0, 2)) await file?.handle.close().catch(() => undefined);
  }

  /**
   * The file for that turn. It is kept open, because descriptors may be scarce, and opened again when it was removed.
   */
  async #open(turn: number): Promise<FileHandle> {
    const path = this.#path(turn);
    const held = this.#files[turn];
    if (held !== undefined) {
      const isThere = await isStill(path, held.opened).then(
        () => true,
        () => false,
      );
      if (isThere) return held.handle;
      this.#files[turn] = undefined;
      await held.handle.close();
    }
    const handle = await openOwn(path, MAKE_OR_WRITE);
    this.#files[turn] = { handle, opened: await handle.stat() };
    return handle;
  }

  #path(turn: number): string {
    return join(this.#dir, `life.${turn}`);
  }
}
