import { createHash } from 'node:crypto';
import { open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { MAKE_OR_WRITE, openOwn, ownFolder, readOwn } from '../core/own-files.js';

/** An object as its file holds it. */
interface KeptObject {
  readonly app: string;
  /** See `SharedObject.restored`. */
  readonly payload: Buffer;
}

/** First bytes of a file: four letters and the version of the format. */
const MAGIC = Buffer.from('SLSO\u0001', 'latin1');
const DIGEST_BYTES = 32;
const EXTENSION = '.so';

/**
 * The files of persistent objects: one folder, one file each. A file is named by a digest of app and name, so no name
 * of a client is part of a path. It is written beside its place, made durable and renamed, so that at any time the one
 * or the other whole state is there; a digest at its end tells a file that is damaged all the same.
 */
export class ObjectFiles {
  readonly #folder: string;
  readonly #names: Set<string>;

  private constructor(folder: string, names: Set<string>) {
    this.#folder = folder;
    this.#names = names;
  }

  /**
   * Makes the folder if it is missing, and reads what is in it.
   *
   * @throws SluiceError ERR_DATA_FOLDER_NOT_OURS; the system's error when the folder cannot be made or read
   */
  static async open(folder: string): Promise<ObjectFiles> {
    await ownFolder(folder);
    const names = (await readdir(folder)).filter((name) => name.endsWith(EXTENSION));
    return new ObjectFiles(folder, new Set(names));
  }

  /** How many objects have a file, or are to have one. */
  get count(): number {
    return this.#names.size;
  }

  has(app: string, name: string): boolean {
    return this.#names.has(fileName(app, name));
  }

  /** Keeps a place for an object that is to be written later. */
  reserve(app: string, name: string): void {
    this.#names.add(fileName(app, name));
  }

  /**
   * Reads an object.
   *
   * @returns undefined when it was never written; 'damaged' when its file is not whole, and has been put aside
   * @throws the system's error
   */
  async read(app: string, name: string): Promise<KeptObject | 'damaged' | undefined> {
    const path = this.#path(app, name);
    let bytes: Buffer;
    try {
      bytes = await readOwn(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const kept = decode(bytes);
    if (kept?.app === app) return kept;
    await rename(path, `${path}.damaged`);
    return 'damaged';
  }

  /** Writes an object, in place of what was there. It is on the disk when this resolves. */
  async write(app: string, name: string, payload: Buffer): Promise<void> {
    const path = this.#path(app, name);
    const file = await openOwn(`${path}.new`, MAKE_OR_WRITE);
    try {
      await file.truncate();
      await file.writeFile(encode({ app, payload }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    await this.#syncFolder();
    this.reserve(app, name);
  }

  /** Removes the file of an object, if there is one. */
  async remove(app: string, name: string): Promise<void> {
    await unlink(this.#path(app, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    this.#names.delete(fileName(app, name));
  }

  #path(app: string, name: string): string {
    return join(this.#folder, fileName(app, name));
  }

  /** Makes the rename durable. Some systems open no folders. */
  async #syncFolder(): Promise<void> {
    const folder = await open(this.#folder, 'r').catch(() => undefined);
    await folder?.sync().catch(() => undefined);
    await folder?.close();
  }
}

function fileName(app: string, name: string): string {
  return `${createHash('sha256').update(`${app}\u0000${name}`).digest('hex')}${EXTENSION}`;
}

function encode({ app, payload }: KeptObject): Buffer {
  const text = Buffer.from(app, 'utf8');
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(text.length, 0);
  lengths.writeUInt32BE(payload.length, 4);
  const body = Buffer.concat([MAGIC, lengths, text, payload]);
  return Buffer.concat([body, digest(body)]);
}

function decode(bytes: Buffer): KeptObject | undefined {
  const start = MAGIC.length + 8;
  const end = bytes.length - DIGEST_BYTES;
  if (end < start || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (!digest(bytes.subarray(0, end)).equals(bytes.subarray(end))) return undefined;
  const appEnd = start + bytes.readUInt32BE(MAGIC.length);
  if (appEnd + bytes.readUInt32BE(MAGIC.length + 4) !== end) return undefined;
  return { app: bytes.toString('utf8', start, appEnd), payload: bytes.subarray(appEnd, end) };
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
