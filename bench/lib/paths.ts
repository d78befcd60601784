import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's root: the nearest directory above this file, sources or build output, that holds package.json. */
export const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));

/** A file of the checkout by its path from the root. */
export function sourcePath(path: string): string {
  return join(ROOT, path);
}

function findRoot(from: string): string {
  let directory = from;
  while (!existsSync(join(directory, 'package.json'))) {
    const up = dirname(directory);
    if (up === directory) return from;
    directory = up;
  }
  return directory;
}
