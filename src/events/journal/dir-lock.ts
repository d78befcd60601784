import { existsSync, type Stats } from 'node:fs';
import { chmod, constants, type FileHandle, link, lstat, open, readdir, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { SluiceError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import { isStill, ownFolder } from '../../core/own-files.js';
import { askHolder, describeHolder, listenAs } from './lock-holder.js';

/** A held lock on a data folder. */
export interface DirLock {
  /**
   * Makes the lock again when its file was removed. @throws ERR_EVENTS_JOURNAL_LOCKED when another process has taken it
   * meanwhile
   */
  keep(): Promise<void>;
  release(): Promise<void>;
}

interface Held {
  readonly server: Server;
  readonly path: string;
  readonly made: Stats;
}

const LOCK_NAME = /^lock\.(\d{1,15})$/;
const ATTEMPTS = 20;

/**
 * Makes this process the only writer of a folder.
 *
 * The lock is a listening Unix socket in the folder: the kernel answers for its holder, frozen or not, to every process
 * that sees the folder, whatever its namespaces, and stops to answer when the holder ends, however it ends. Process ids
 * play no part.
 *
 * A socket file outlives its listener and cannot be replaced in one step, so each lock has a number of its own:
 * `lock.<n>`. Who finds that nobody listens behind the highest number links its own socket, which listens already, to
 * the next one, which only one can, and has the lock when it is still the highest then. The file with the highest
 * number is never removed, so numbers never come again.
 *
 * @throws ERR_EVENTS_JOURNAL_LOCKED when somebody holds it; ERR_DATA_FOLDER_LOCK when the file system has no sockets or
 *   hard links; ERR_DATA_FOLDER_NOT_OURS
 */
export async function lockDir(dir: string): Promise<DirLock> {
  await ownFolder(dir);
  let held = await acquire(dir);
  return {
    keep: async () => {
      const isThere = await isStill(held.path, held.made).then(
        () => true,
        () => false,
      );
      if (isThere) return;
      const again = await acquire(dir);
      await close(held.server);
      held = again;
    },
    release: () => close(held.server),
  };
}

async function acquire(dir: string): Promise<Held> {
  const folder = await open(dir, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0));
  const ownName = `lock.${newId()}`;
  let server: Server | undefined;
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const highest = await highestOf(dir);
      if (highest > 0) await refuseIfHeld(dir, socketPath(dir, folder, `lock.${highest}`));
      server ??= await makeSocket(dir, folder, ownName);
      const own: Server = server;
      const name = `lock.${highest + 1}`;
      const got = await tryLink(join(dir, ownName), join(dir, name));
      if (got === 'lost') {
        await close(own);
        server = undefined;
      }
      if (got !== 'linked') continue;
      if ((await highestOf(dir)) > highest + 1) {
        await rm(join(dir, name), { force: true });
        continue;
      }
      const made = await lstat(join(dir, name));
      await removeOthers(dir, name);
      return { server: own, path: join(dir, name), made };
    }
    throw new SluiceError('ERR_EVENTS_JOURNAL_LOCKED', `the lock of ${dir} changes hands all the time`);
  } catch (error) {
    if (server !== undefined) await close(server);
    await rm(join(dir, ownName), { force: true }).catch(() => undefined);
    throw error;
  } finally {
    await folder.close();
  }
}

/** Number of the newest lock; 0 when there is none. */
async function highestOf(dir: string): Promise<number> {
  return (await readdir(dir)).reduce((most, name) => Math.max(most, Number(LOCK_NAME.exec(name)?.[1] ?? 0)), 0);
}

async function refuseIfHeld(dir: string, path: string): Promise<void> {
  const holder = await askHolder(path);
  if (holder === undefined) return;
  throw new SluiceError('ERR_EVENTS_JOURNAL_LOCKED', `${describeHolder(holder)} uses ${dir}`, {
    details: { ...holder, dir },
  });
}

/**
 * Makes a socket that listens under a name of its own, so that it answers from the moment in which it becomes the lock.
 */
async function makeSocket(dir: string, folder: FileHandle, name: string): Promise<Server> {
  const server = await listenAs(socketPath(dir, folder, name)).catch((error: NodeJS.ErrnoException) => {
    throw noLock(dir, error);
  });
  await chmod(join(dir, name), 0o600);
  return server;
}

/**
 * `taken`: another process was faster. `lost`: another process had the lock meanwhile and has removed the own socket as
 * a left-over.
 */
async function tryLink(own: string, name: string): Promise<'linked' | 'taken' | 'lost'> {
  try {
    await link(own, name);
    return 'linked';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return 'taken';
    if (code === 'ENOENT') return 'lost';
    throw noLock(name, error as NodeJS.ErrnoException);
  }
}

/** Removes what earlier holders, and processes that died while they tried, have left. */
async function removeOthers(dir: string, own: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (name.startsWith('lock.') && name !== own) await rm(join(dir, name), { force: true }).catch(() => undefined);
  }
}

/**
 * Path of a socket for `bind` and `connect`, which take at most about a hundred bytes. Where there is /proc, it leads
 * through the open folder.
 */
function socketPath(dir: string, folder: FileHandle, name: string): string {
  const short = `/proc/self/fd/${folder.fd}`;
  return join(existsSync(short) ? short : dir, name);
}

function noLock(path: string, cause: NodeJS.ErrnoException): SluiceError {
  return new SluiceError('ERR_DATA_FOLDER_LOCK', `${path} ${cause.code ?? cause.message}`, { cause });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
