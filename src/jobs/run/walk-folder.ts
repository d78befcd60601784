import type { Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** Deepest folder that is looked into. */
const MAX_DEPTH = 32;

/**
 * Tells what is in a folder and the folders below it, in no order. Symbolic links are told and never followed. What
 * goes away meanwhile is left out.
 *
 * @param mostEntries most entries that are looked at
 * @param tell gets the path below the folder, with `/`, and what lies there
 * @returns whether that was everything
 */
export async function walkFolder(
  folder: string,
  mostEntries: number,
  tell: (path: string, found: Stats) => void,
): Promise<boolean> {
  const ahead: { path: string; depth: number }[] = [{ path: '', depth: 0 }];
  let isWhole = true;
  let left = mostEntries;
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const entries = await opendir(join(folder, next.path), { bufferSize: 256 }).catch(() => undefined);
    if (entries === undefined) continue;
    for await (const { name } of entries) {
      // Leaving the loop closes the folder.
      if (left === 0) return false;
      left -= 1;
      const path = next.path === '' ? name : `${next.path}/${name}`;
      const found = await lstat(join(folder, path)).catch(() => undefined);
      if (found === undefined) continue;
      tell(path, found);
      if (!found.isDirectory()) continue;
      if (next.depth < MAX_DEPTH) ahead.push({ path, depth: next.depth + 1 });
      else isWhole = false;
    }
  }
  return isWhole;
}
