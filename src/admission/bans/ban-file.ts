import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { MAKE_OR_WRITE, openOwn, ownFolder, readOwn } from '../../core/own-files.js';
import { z } from '../../core/zod.js';
import { BAN_KINDS, type Ban } from '../../model/ban.js';

const FILE = 'bans.json';

/** A ban as it stands in the file. */
export interface KeptBan extends Ban {
  /** Whether other nodes have not been told yet. */
  readonly unshared?: boolean | undefined;
}

/** The shape of a ban in the file. */
const banSchema = z.object({
  kind: z.enum(BAN_KINDS),
  value: z.string(),
  untilMs: z.number(),
  reason: z.string(),
  by: z.string(),
  unshared: z.boolean().optional(),
});
const fileSchema = z.object({ v: z.literal(1), bans: z.array(banSchema) });

/** The file `bans.json` of the data folder, which has the bans for the next start. */
export class BanFile {
  readonly #folder: string;
  readonly #log: Logger;
  #writing: Promise<boolean> | undefined;
  #waiting: Promise<boolean> | undefined;

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /**
   * Reads the file.
   *
   * @returns nothing when there is none
   * @throws SluiceError ERR_DATA_FOLDER when it cannot be read: to start without its bans would let everybody in
   */
  async read(): Promise<readonly KeptBan[]> {
    const path = join(this.#folder, FILE);
    try {
      await ownFolder(this.#folder);
      return fileSchema.parse(JSON.parse((await readOwn(path)).toString('utf8'))).bans;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
      if (cause instanceof SluiceError) throw cause;
      throw new SluiceError('ERR_DATA_FOLDER', `${path} is no list of bans; mend it, or remove it`, { cause });
    }
  }

  /**
   * Writes the file. Changes that come while it is being written are in the next write.
   *
   * @param bans called when the write begins
   * @returns whether it is on disk; never rejects
   */
  write(bans: () => readonly KeptBan[]): Promise<boolean> {
    if (this.#writing === undefined) {
      this.#writing = this.#write(bans()).finally(() => (this.#writing = undefined));
      return this.#writing;
    }
    this.#waiting ??= this.#writing.then(() => {
      this.#waiting = undefined;
      return this.write(bans);
    });
    return this.#waiting;
  }

  async #write(bans: readonly KeptBan[]): Promise<boolean> {
    const path = join(this.#folder, FILE);
    try {
      const file = await openOwn(`${path}.new`, MAKE_OR_WRITE);
      try {
        await file.truncate(0);
        await file.writeFile(`${JSON.stringify({ v: 1, bans })}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
      return true;
    } catch (error) {
      this.#log.error({ err: error, path, code: 'ERR_DATA_FOLDER' }, 'the bans could not be written');
      return false;
    }
  }
}
