import { constants } from 'node:fs';
import { access, lstat, open, statfs, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../../config/table.js';
import { newId } from '../../core/ids.js';
import { type Finding, sizeText } from './finding.js';

/** Less than this and a server has no room for its first segments, in bytes. */
const LEAST_FREE = 64 * 1024 * 1024;
/** How often the disk is asked to keep a block, and for how long at most, in ms. */
const SYNCS = 16;
const SYNC_MS = 1000;
/** A disk that takes longer is told of, in ms: a start of a stream is answered when its event is kept. */
const SLOW_SYNC_MS = 20;
/** Bits of a mode that let the group or everybody write. */
const OTHERS_WRITE = 0o022;

/** Whether the data folder can be used, has room, and how long its disk takes to keep a block. */
export async function checkData({ data, events }: Pick<Config, 'data' | 'events'>): Promise<Finding[]> {
  const path = resolve(data);
  const found = await lstat(path).catch(() => undefined);
  const folder = found === undefined ? await nearest(path) : path;
  const trouble = found === undefined ? undefined : wrongFolder(found);
  if (trouble !== undefined) {
    const todo = `chown and chmod it so that only this user can write it, or set data to another folder`;
    return [{ check: 'data', state: 'fail', says: `${path} ${trouble}`, todo }];
  }
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const todo = `let this user write ${folder}, or set data to another folder`;
    return [{ check: 'data', state: 'fail', says: `${folder} cannot be written (${code})`, todo }];
  }
  const says = found === undefined ? `${path} will be made at the first start` : path;
  return [{ check: 'data', state: 'ok', says }, await checkRoom(folder, events), await checkSync(folder)];
}

/** Whether there is room for recordings, where something is recorded. */
export async function checkRecordings({ recording, media, data }: Config): Promise<Finding[]> {
  if (recording.match.length === 0 && !recording.publishTypes) return [];
  const folder = await nearest(resolve(media.root === '' ? join(data, 'media') : media.root));
  const free = await freeBytes(folder);
  const says = `${sizeText(free)} free at ${folder}; more than recording.minFreeBytes (${sizeText(recording.minFreeBytes)}) was expected`;
  if (free > recording.minFreeBytes) return [{ check: 'recording', state: 'ok', says }];
  const todo = 'make room there, or set media.root to another disk: nothing is recorded as it is';
  return [{ check: 'recording', state: 'fail', says, todo }];
}

/** What the time that a disk takes means. @param times of each block that was kept, in ms; at least one */
export function syncFinding(times: readonly number[]): Finding {
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)]!;
  const says = `${median.toFixed(1)} ms to keep a block (median of ${times.length}, longest ${sorted.at(-1)!.toFixed(1)} ms)`;
  if (median <= SLOW_SYNC_MS) return { check: 'fsync', state: 'ok', says };
  const todo = 'put data on a faster disk: encoders wait this long when they start';
  return { check: 'fsync', state: 'warn', says: `${says}; ${SLOW_SYNC_MS} ms at most was expected`, todo };
}

function wrongFolder(found: Awaited<ReturnType<typeof lstat>>): string | undefined {
  if (found.isSymbolicLink()) return 'is a symbolic link; a folder was expected';
  if (!found.isDirectory()) return 'is no folder';
  const uid = process.getuid?.();
  if (uid !== undefined && Number(found.uid) !== uid) return `belongs to user ${found.uid}, and this is user ${uid}`;
  return (Number(found.mode) & OTHERS_WRITE) === 0 ? undefined : 'can be written by other users';
}

async function checkRoom(folder: string, { maxJournalBytes }: Config['events']): Promise<Finding> {
  const check = 'disk';
  const free = await freeBytes(folder);
  const says = `${sizeText(free)} free; events.maxJournalBytes is ${sizeText(maxJournalBytes)}`;
  if (free >= maxJournalBytes) return { check, state: 'ok', says };
  const state = free < LEAST_FREE ? 'fail' : 'warn';
  return { check, state, says, todo: 'make room, or lower events.maxJournalBytes: a full disk refuses new streams' };
}

async function checkSync(folder: string): Promise<Finding> {
  const path = join(folder, `.sluice-doctor-${newId()}`);
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    // Its name goes at once, so that nothing of it is left however this ends.
    await unlink(path);
    const block = Buffer.alloc(4096);
    const times: number[] = [];
    const started = performance.now();
    while (times.length < SYNCS && performance.now() - started < SYNC_MS) {
      const before = performance.now();
      await file.write(block);
      await file.datasync();
      times.push(performance.now() - before);
    }
    return syncFinding(times);
  } finally {
    await file.close();
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** The folder itself, or the nearest above it that is there. */
async function nearest(path: string): Promise<string> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined || dirname(path) === path ? path : nearest(dirname(path));
}
