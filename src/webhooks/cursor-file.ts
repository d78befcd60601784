import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../core/errors.js';
import { MAKE_OR_WRITE, openOwn, readOwn } from '../core/own-files.js';
import { z } from '../core/zod.js';
import type { CursorState } from './backlog.js';

const position = z.int().min(0);
const schema = z.object({
  v: z.literal(1),
  read: position,
  open: z.array(position),
  again: z.object({ upTo: position, atMs: z.number() }).optional(),
});

/** The cursor of one webhook in the data folder. A power loss leaves the state before or the one after a write. */
export class CursorFile {
  readonly #path: string;

  /** @param folder of the webhooks; @param name of the webhook */
  constructor(folder: string, name: string) {
    this.#path = join(folder, `${name}.cursor.json`);
  }

  /**
   * Reads the state that was written last. @returns undefined when there is none
   *
   * @throws SluiceError ERR_DATA_FOLDER when there is a file that cannot be read, or that is no cursor
   */
  async read(): Promise<CursorState | undefined> {
    let text: Buffer;
    try {
      text = await readOwn(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      if (error instanceof SluiceError) throw error;
      throw new SluiceError('ERR_DATA_FOLDER', `${this.#path}: ${(error as Error).message}`, { cause: error });
    }
    const { v: _, again, ...state } = parsed(text, this.#path);
    return { ...state, ...(again === undefined ? {} : { again }) };
  }

  /** Replaces the state. @throws the system's error; the former state is still there then */
  async write(state: CursorState): Promise<void> {
    const next = `${this.#path}.new`;
    const file = await openOwn(next, MAKE_OR_WRITE);
    try {
      await file.truncate(0);
      await file.writeFile(`${JSON.stringify({ v: 1, ...state })}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(next, this.#path);
  }
}

function parsed(text: Buffer, path: string): z.output<typeof schema> {
  try {
    return schema.parse(JSON.parse(text.toString('utf8')));
  } catch (cause) {
    const what = 'is no cursor of a webhook; remove it, and the webhook begins with the next event';
    throw new SluiceError('ERR_DATA_FOLDER', `${path} ${what}`, { cause });
  }
}
