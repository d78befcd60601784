import type { Stats } from 'node:fs';
import { access, constants, type FileHandle, lstat, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SluiceError } from './errors.js';

/** Bits of a mode that let the group or everybody write. */
const OTHERS_WRITE = 0o022;

/** Reading and writing; the file is made when it is missing. */
export const MAKE_OR_WRITE = constants.O_RDWR | constants.O_CREAT;
/** Writing a file that must not be there yet. */
export const MAKE_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
/** Writing behind the end; the file is made when it is missing. */
export const MAKE_OR_APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;

/**
 * Makes a folder and those above it (0700), or takes the one that is there.
 *
 * @throws SluiceError ERR_DATA_FOLDER_NOT_OURS when the folder is a link, belongs to another user or can be written by
 *   others; the system's error when there is none and none can be made
 */
export async function ownFolder(path: string): Promise<void> {
  await makeFolder(path);
  const found = await lstat(path);
  const wrong = found.isSymbolicLink() ? 'is a symbolic link' : wrongOwner(found);
  if (wrong !== undefined) throw notOurs(path, wrong);
}

/**
 * Makes a folder and those above it (0700) where there is none. Whose it is does not matter. It does not use `mkdir`
 * with `recursive`: where the system answers ENOENT although the parent is there (below /proc), Node tries again for
 * ever and handles no signal any more.
 *
 * @throws the system's error when there is none and none can be made
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeOneFolder(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeOneFolder(path);
  }
}

async function makeOneFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    // Somebody else may make the same folder at the same time.
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() !== true) throw error;
  }
}

/**
 * Opens a regular file that belongs to this user alone; never follows a symbolic link, never waits for the other end of
 * a pipe.
 *
 * @param flags one of the flags above
 * @returns a handle that the caller closes; a file that is made has mode 0600
 * @throws SluiceError ERR_DATA_FOLDER_NOT_OURS when it is a link, no regular file, another user's, or writable by
 *   others; otherwise the system's error
 */
export async function openOwn(path: string, flags: number = constants.O_RDONLY): Promise<FileHandle> {
  let file: FileHandle;
  try {
    // Windows has neither flag.
    file = await open(path, flags | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0), 0o600);
  } catch (error) {
    // The system says ELOOP, ENXIO or EACCES. A look at what lies there gives a better message.
    const found =
      (error as NodeJS.ErrnoException).code === 'EEXIST' ? undefined : await lstat(path).catch(() => undefined);
    const wrong = found === undefined ? undefined : wrongFile(found);
    throw wrong === undefined ? error : notOurs(path, wrong);
  }
  const wrong = wrongFile(await file.stat());
  if (wrong === undefined) return file;
  await file.close();
  throw notOurs(path, wrong);
}

/** Reads a whole file by the rules of {@link openOwn}. */
export async function readOwn(path: string): Promise<Buffer> {
  const file = await openOwn(path);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/**
 * Checks what lies at a path by the rules of {@link openOwn}, without opening it. A path with nothing there passes,
 * too.
 */
export async function checkOwn(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  const wrong = found === undefined ? undefined : wrongFile(found);
  if (wrong !== undefined) throw notOurs(path, wrong);
}

/**
 * Checks that a path still leads to what was opened there.
 *
 * @param opened what `stat` of the open file or folder said
 * @throws Error with code ENOENT when the path leads nowhere, ESTALE when it leads elsewhere
 */
export async function isStill(path: string, opened: Stats): Promise<void> {
  const found = await lstat(path);
  if (found.ino === opened.ino && found.dev === opened.dev) return;
  throw Object.assign(new Error(`ESTALE: another file is at ${path} now`), { code: 'ESTALE' });
}

/** Checks that files can be made in a folder. @throws the system's error (EROFS, EACCES, ENOENT …) when not */
export function isWritable(folder: string): Promise<void> {
  return access(folder, constants.W_OK);
}

function wrongFile(found: Stats): string | undefined {
  if (found.isSymbolicLink()) return 'is a symbolic link';
  if (!found.isFile()) return 'is no regular file';
  return wrongOwner(found);
}

function wrongOwner(found: Stats): string | undefined {
  const uid = process.geteuid?.();
  if (uid === undefined) return undefined;
  if (found.uid !== uid) return `belongs to user id ${found.uid}, and this process runs as ${uid}`;
  const mode = (found.mode & 0o777).toString(8).padStart(3, '0');
  return (found.mode & OTHERS_WRITE) === 0 ? undefined : `can be written by other users (mode ${mode})`;
}

function notOurs(path: string, wrong: string): SluiceError {
  return new SluiceError('ERR_DATA_FOLDER_NOT_OURS', `${path} ${wrong}`, { details: { path } });
}
