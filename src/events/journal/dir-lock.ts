import { mkdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../core/errors.js';

/** A held lock on a data folder. */
export interface DirLock {
  release(): Promise<void>;
}

/**
 * Makes this process the only writer of a folder. The lock is a symbolic link that points to `<process id>.<start time>`: it is made
 * at once or not at all, and takes no block of a full disk. One whose owner is gone is taken over.
 *
 * @throws ERR_EVENTS_JOURNAL_LOCKED when another live process holds it
 */
export async function lockDir(dir: string): Promise<DirLock> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'lock');
  const mine = `${process.pid}.${await startOf(process.pid)}`;
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      await symlink(mine, path);
      return { release: () => release(path, mine) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const held = await readlink(path).catch(() => undefined);
    if (held !== undefined && (await isAlive(held))) {
      const pid = Number.parseInt(held, 10);
      throw new SluiceError('ERR_EVENTS_JOURNAL_LOCKED', `process ${pid} uses ${dir}`, { details: { pid, dir } });
    }
    // Moved aside rather than deleted: of two that find it stale, one may have made a new one by now.
    const aside = `${path}.${process.pid}.${process.hrtime.bigint()}`;
    await rename(path, aside).catch(() => undefined);
    const moved = await readlink(aside).catch(() => undefined);
    if (moved !== undefined && moved !== held) await symlink(moved, path).catch(() => undefined);
    await rm(aside, { force: true });
  }
  throw new SluiceError('ERR_EVENTS_JOURNAL_LOCKED', `the lock of ${dir} changes hands all the time`);
}

async function release(path: string, mine: string): Promise<void> {
  if ((await readlink(path).catch(() => '')) === mine) await rm(path, { force: true });
}

/** Whether the process that `held` names is running. A small process id comes again in a container: the start time tells a namesake. */
async function isAlive(held: string): Promise<boolean> {
  const [id, start] = held.split('.');
  const pid = Number(id);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = await startOf(pid);
  return now === '' || start === '' || now === start;
}

/** Start time of a process in clock ticks since boot, as Linux tells it; empty elsewhere. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
