import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Totals } from '../event-types.js';
import { crc32c } from './crc32c.js';

/** The last sign of life of a process. */
export interface LifeRecord {
  readonly bootId: string;
  /** Wall clock, milliseconds since the epoch. */
  readonly wallMs: number;
  /** What each open session had carried by then, by stream id. */
  readonly totals: Readonly<Record<string, Totals>>;
}

const HEADER_BYTES = 8;

/**
 * The heartbeat record of the journal. It is overwritten in place, in two files by turns, so that a session of weeks does not grow
 * the journal and a full disk does not stop it. Layout: `u32 LE length · u32 LE crc32c · JSON`.
 */
export class LifeFile {
  readonly #dir: string;
  readonly #files: (FileHandle | undefined)[] = [undefined, undefined];
  #turn = 0;
  #busy = false;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The newest whole record, if there is one. */
  async read(): Promise<LifeRecord | undefined> {
    const found: LifeRecord[] = [];
    for (const turn of [0, 1]) {
      const bytes = await readFile(this.#path(turn)).catch(() => undefined);
      if (bytes === undefined || bytes.length < HEADER_BYTES) continue;
      const end = HEADER_BYTES + bytes.readUInt32LE(0);
      if (end > bytes.length || crc32c(bytes, HEADER_BYTES, end) !== bytes.readUInt32LE(4)) continue;
      found.push(JSON.parse(bytes.toString('utf8', HEADER_BYTES, end)) as LifeRecord);
    }
    return found.sort((a, b) => b.wallMs - a.wallMs)[0];
  }

  /** Writes a record. Never rejects: a sign of life that cannot be written is only an older one later. */
  async write(record: LifeRecord): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const json = Buffer.from(JSON.stringify(record), 'utf8');
      const bytes = Buffer.alloc(HEADER_BYTES + json.length);
      bytes.writeUInt32LE(json.length, 0);
      json.copy(bytes, HEADER_BYTES);
      bytes.writeUInt32LE(crc32c(bytes, HEADER_BYTES), 4);
      this.#turn ^= 1;
      const file = this.#files[this.#turn] ?? (await open(this.#path(this.#turn), 'w', 0o600));
      this.#files[this.#turn] = file;
      await file.write(bytes, 0, bytes.length, 0);
    } catch {
      // The other file still holds the record before this one.
    } finally {
      this.#busy = false;
    }
  }

  /** Closes the files. */
  async close(): Promise<void> {
    for (const file of this.#files.splice(0, 2)) await file?.close().catch(() => undefined);
  }

  #path(turn: number): string {
    return join(this.#dir, `life.${turn}`);
  }
}
