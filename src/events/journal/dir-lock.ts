import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../core/errors.js';

/** A held lock on a data folder. */
export interface DirLock {
  release(): Promise<void>;
}

/**
 * Makes this process the only writer of a folder. The lock is a file with the owner's process id and start time; one whose owner
 * is gone is taken over.
 *
 * @throws ERR_EVENTS_JOURNAL_LOCKED when another live process holds it
 */
export async function lockDir(dir: string): Promise<DirLock> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'lock');
  const mine = JSON.stringify({ pid: process.pid, started: await startOf(process.pid) });
  const draft = `${path}.${process.pid}.${process.hrtime.bigint()}`;
  await writeFile(draft, mine, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        // A link fails when the name exists and never shows a half-written file.
        await link(draft, path);
        return { release: () => release(path, mine) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const held = await readFile(path, 'utf8').catch(() => undefined);
      if (held === undefined) continue;
      const owner = parse(held);
      if (owner !== undefined && (await isAlive(owner))) {
        throw new SluiceError('ERR_EVENTS_JOURNAL_LOCKED', `process ${owner.pid} uses ${dir}`, {
          details: { pid: owner.pid, dir },
        });
      }
      // Moved aside rather than deleted: of two that find it stale only one wins the next link.
      await rename(path, `${draft}.stale`).catch(() => undefined);
      await rm(`${draft}.stale`, { force: true });
    }
    throw new SluiceError('ERR_EVENTS_JOURNAL_LOCKED', `the lock of ${dir} changes hands all the time`);
  } finally {
    await rm(draft, { force: true });
  }
}

async function release(path: string, mine: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => '')) === mine) await rm(path, { force: true });
}

interface Owner {
  readonly pid: number;
  readonly started: string;
}

function parse(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Owner;
    return Number.isInteger(owner.pid) && owner.pid > 0 ? owner : undefined;
  } catch {
    return undefined;
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // A container gives the same small process ids again: the start time tells a namesake from the owner.
  const started = await startOf(owner.pid);
  if (owner.pid === process.pid) return started === owner.started;
  return started === '' || owner.started === '' || started === owner.started;
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
