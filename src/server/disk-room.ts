import { statfs } from 'node:fs/promises';
import { within } from '../core/within.js';

/** How long a scrape waits for a file system, in ms: one that hangs must not hold up the other figures. */
const WAIT_MS = 500;

/** The file system that a folder is on. */
export interface DiskRoom {
  /** Which folder: `data` or `media`. */
  readonly place: string;
  readonly sizeBytes: number;
  /** As much as this process may use. */
  readonly freeBytes: number;
}

/**
 * Reads how much room there is. It never rejects.
 *
 * @param folders by place; an empty path is none
 * @returns nothing for folders that are not there or do not answer in time
 */
export async function diskRoom(folders: Readonly<Record<string, string>>): Promise<DiskRoom[]> {
  const rooms: DiskRoom[] = [];
  const read = async ([place, path]: readonly [string, string]): Promise<void> => {
    const { bsize, blocks, bavail } = await statfs(path);
    rooms.push({ place, sizeBytes: blocks * bsize, freeBytes: bavail * bsize });
  };
  const set = Object.entries(folders).filter(([, path]) => path !== '');
  await within(Promise.allSettled(set.map(read)), WAIT_MS);
  return [...rooms];
}
