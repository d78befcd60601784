import { constants, type Dirent } from 'node:fs';
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  opendir,
  readdir,
  readlink,
  realpath,
  rename,
  statfs,
  unlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../core/errors.js';
import { makeFolder } from '../core/own-files.js';
import { partsOf } from './media-path.js';

// Windows has none of these flags.
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NO_WAIT = constants.O_NONBLOCK ?? 0;
const FOLDER = constants.O_DIRECTORY ?? 0;
/** Entries that are asked for at a time. */
const LISTED_AT_ONCE = 512;

/** What lies in a folder of the store. Links, pipes and sockets are left out. */
interface StoredEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder';
}

/** A folder below the root that is open, and the way to what lies in it. */
interface OpenFolder {
  readonly handle: FileHandle;
  /** The path of an entry of this very folder, wherever the folder has been moved to since. */
  readonly at: (name: string) => string;
}

/**
 * Files below one folder, `media.root`, and never outside of it. Paths are relative, with `/` between their parts. No
 * part may be a symbolic link, and no name is decoded, so that a path says where the file is. On Linux each part is
 * opened out of the folder before it (`/proc/self/fd`, as `openat` does), so that a folder that is exchanged for a link
 * meanwhile leads nowhere else; on other systems the real path is compared before and after.
 */
export class FileStore {
  /** The real path of the root. */
  readonly root: string;
  readonly #byHandle: boolean;

  private constructor(root: string, byHandle: boolean) {
    this.root = root;
    this.#byHandle = byHandle;
  }

  /**
   * Makes the root (0700) where there is none, unless `make` is false. The root itself may be a link.
   *
   * @throws the system's error when it is no folder, or there is none and none can be made
   */
  static async open(root: string, make = true): Promise<FileStore> {
    if (make) await makeFolder(root);
    const real = await realpath(root);
    const handle = await open(real, constants.O_RDONLY | FOLDER);
    try {
      const told = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => undefined);
      return new FileStore(real, told === real);
    } finally {
      await handle.close();
    }
  }

  /**
   * Opens a regular file to read it.
   *
   * @returns a handle that the caller closes
   * @throws SluiceError `ERR_MEDIA_PATH`, `ERR_MEDIA_MISSING`; otherwise the system's error
   */
  read(path: string): Promise<FileHandle> {
    return this.#open(path, constants.O_RDONLY);
  }

  /** Opens a regular file that is there to read and write it; see {@link FileStore.read}. */
  update(path: string): Promise<FileHandle> {
    return this.#open(path, constants.O_RDWR);
  }

  /**
   * Makes a file (0600), and the folders above it (0700), to read and write it.
   *
   * @returns a handle that the caller closes
   * @throws SluiceError `ERR_MEDIA_PATH`; the system's error, `EEXIST` when something is there
   */
  create(path: string): Promise<FileHandle> {
    return this.#in(path, true, async (folder, name) =>
      open(folder.at(name), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW, 0o600),
    );
  }

  /**
   * Gives a file another name in its folder, at once, and makes sure that the folder has it after a power loss. What is
   * there under that name is not replaced.
   *
   * @param name the last part of the new path
   * @throws SluiceError `ERR_MEDIA_PATH`, `ERR_MEDIA_MISSING`; the system's error, `EEXIST` when the name is taken
   */
  async rename(path: string, name: string): Promise<void> {
    if (partsOf(name).length !== 1) throw new SluiceError('ERR_MEDIA_PATH');
    await this.#in(path, false, async (folder, old) => {
      await renameNew(folder.at(old), folder.at(name));
      await folder.handle.sync().catch(() => undefined);
    });
  }

  /** Removes a file. @throws SluiceError `ERR_MEDIA_PATH`, `ERR_MEDIA_MISSING`; otherwise the system's error */
  async remove(path: string): Promise<void> {
    await this.#in(path, false, (folder, name) => unlink(folder.at(name)));
  }

  /**
   * Lists a folder, unordered.
   *
   * @param path empty: the root
   * @param most entries that are looked at, links and the like among them
   * @throws SluiceError `ERR_MEDIA_PATH`, `ERR_MEDIA_MISSING`; otherwise the system's error
   */
  async list(path: string, most?: number): Promise<StoredEntry[]> {
    const folder = await this.#walk(path === '' ? [] : partsOf(path), false);
    try {
      const here = folder.at('.');
      const entries = most === undefined ? await readdir(here, { withFileTypes: true }) : await firstOf(here, most);
      const stored = entries.filter((entry) => entry.isFile() || entry.isDirectory());
      return stored.map((entry) => ({ name: entry.name, kind: entry.isFile() ? 'file' : 'folder' }));
    } finally {
      await folder.handle.close();
    }
  }

  /** Size of a file in bytes. @throws as {@link FileStore.read} does */
  async size(path: string): Promise<number> {
    return this.#in(path, false, async (folder, name) => {
      const found = await lstat(folder.at(name));
      if (!found.isFile()) throw new SluiceError('ERR_MEDIA_PATH');
      return found.size;
    });
  }

  /** Bytes that this user may still write to the file system of the root. @throws the system's error */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.root);
    return bavail * bsize;
  }

  #open(path: string, flags: number): Promise<FileHandle> {
    return this.#in(path, false, async (folder, name) => {
      const file = await open(folder.at(name), flags | NO_FOLLOW | NO_WAIT);
      const isFile = await file.stat().then((found) => found.isFile());
      if (isFile && (await this.#isStill(path, file))) return file;
      await file.close();
      throw new SluiceError('ERR_MEDIA_PATH');
    });
  }

  /** Does something in the folder of a path, with the last part. */
  async #in<T>(path: string, make: boolean, act: (folder: OpenFolder, name: string) => Promise<T>): Promise<T> {
    const parts = partsOf(path);
    const folder = await this.#walk(parts.slice(0, -1), make);
    try {
      return await act(folder, parts[parts.length - 1]!);
    } catch (error) {
      throw said(error);
    } finally {
      await folder.handle.close();
    }
  }

  /** Opens a folder part by part from the root on. */
  async #walk(parts: readonly string[], make: boolean): Promise<OpenFolder> {
    let folder = await this.#folder(this.root, this.root);
    let path = this.root;
    for (const part of parts) {
      const parent = folder;
      path = join(path, part);
      try {
        if (make) await mkdir(parent.at(part), { mode: 0o700 }).catch(ignoreExisting);
        folder = await this.#folder(parent.at(part), path);
      } catch (error) {
        throw said(error);
      } finally {
        await parent.handle.close();
      }
    }
    return folder;
  }

  /** @param path where it is opened @param real its path as everybody sees it */
  async #folder(path: string, real: string): Promise<OpenFolder> {
    const isRoot = path === this.root;
    const handle = await open(path, constants.O_RDONLY | FOLDER | (isRoot ? 0 : NO_FOLLOW));
    if (this.#byHandle) return { handle, at: (name) => `/proc/self/fd/${handle.fd}/${name}` };
    if ((await realpath(real).catch(() => undefined)) === real) return { handle, at: (name) => join(real, name) };
    await handle.close();
    throw new SluiceError('ERR_MEDIA_PATH');
  }

  /** Whether a file that was opened by its path is the one that is there, when it was not opened out of its folder. */
  async #isStill(path: string, file: FileHandle): Promise<boolean> {
    if (this.#byHandle) return true;
    const full = join(this.root, ...partsOf(path));
    const [real, opened, found] = await Promise.all([realpath(full), file.stat(), lstat(full)]).catch(() => []);
    return real === full && opened?.ino === found?.ino && opened?.dev === found?.dev;
  }
}

/** The first entries of a folder, which may have millions. */
async function firstOf(path: string, most: number): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  if (most < 1) return entries;
  for await (const entry of await opendir(path, { bufferSize: LISTED_AT_ONCE })) {
    entries.push(entry);
    if (entries.length >= most) break;
  }
  return entries;
}

/** `rename` replaces what is there; a second link does not. */
async function renameNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // File systems without links, such as those of memory cards.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    const isTaken = await lstat(to).then(
      () => true,
      () => false,
    );
    if (isTaken) throw Object.assign(new Error('EEXIST: the name is taken'), { code: 'EEXIST' });
    await rename(from, to);
    return;
  }
  await unlink(from);
}

function ignoreExisting(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
}

/** What the system says of paths that lead nowhere or over a link, as codes. Everything else stays as it is. */
function said(error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return new SluiceError('ERR_MEDIA_MISSING', '', { cause: error });
    // A link; a part that is no folder; a pipe without a reader; a name that the file system cannot have.
    case 'ELOOP':
    case 'EMLINK':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ENXIO':
    case 'EINVAL':
    case 'EILSEQ':
    case 'ENAMETOOLONG':
      return new SluiceError('ERR_MEDIA_PATH', '', { cause: error });
    default:
      return error;
  }
}
