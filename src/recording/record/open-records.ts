import { readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOwn, MAKE_OR_WRITE, openOwn, ownFolder, readOwn } from '../../core/own-files.js';
import { z } from '../../core/zod.js';

const schema = z.object({
  v: z.literal(1),
  recordId: z.string().regex(/^[0-9A-Z]{26}$/),
  streamId: z.string().regex(/^[0-9A-Z]{26}$/),
  app: z.string(),
  name: z.string(),
  connectionId: z.string(),
  root: z.string(),
  file: z.string(),
  part: z.int().min(1),
  startedMs: z.number(),
});

/** A recording that has not ended, as the next process finds it. */
export type OpenRecordNote = Omit<z.output<typeof schema>, 'v'>;

/** Most notes that are read at a start. More than recordings can be open at once are not left behind. */
const MAX_NOTES = 10_000;

/**
 * Notes of open recordings, one file each in the data folder. A note is there before its recording is told, and goes
 * when its end is on disk: whatever is left at a start has to be completed and told.
 */
export class OpenRecords {
  readonly #folder: string;
  #isMade = false;

  /** @param folder made with the first note */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws SluiceError ERR_DATA_FOLDER_NOT_OURS; the system's error */
  async write(note: OpenRecordNote): Promise<void> {
    if (!this.#isMade) await ownFolder(this.#folder);
    this.#isMade = true;
    const path = this.#path(note.recordId);
    const file = await openOwn(`${path}.new`, MAKE_OR_WRITE);
    try {
      await file.truncate(0);
      await file.writeFile(`${JSON.stringify({ v: 1, ...note })}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  }

  async remove(recordId: string): Promise<void> {
    await unlink(this.#path(recordId)).catch(() => undefined);
  }

  /**
   * Reads what is there; none when there is no folder.
   *
   * @param unreadable is called with the name of a file that is no note
   * @throws the system's error when the folder cannot be read
   */
  async read(unreadable: (name: string) => void): Promise<OpenRecordNote[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const notes: OpenRecordNote[] = [];
    for (const name of names.filter((each) => each.endsWith('.json')).slice(0, MAX_NOTES)) {
      const path = join(this.#folder, name);
      try {
        await checkOwn(path);
        const { v: _, ...note } = schema.parse(JSON.parse((await readOwn(path)).toString('utf8')));
        if (`${note.recordId}.json` === name) notes.push(note);
        else unreadable(name);
      } catch {
        unreadable(name);
      }
    }
    return notes;
  }

  #path(recordId: string): string {
    return join(this.#folder, `${recordId}.json`);
  }
}
