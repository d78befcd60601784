import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made = new Set<string>();
process.once('exit', () => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** A new empty folder that goes away with the test process, or earlier with {@link removeTempDir}. */
export function tempDir(purpose: string): string {
  const path = mkdtempSync(join(tmpdir(), `sluice-${purpose}-`));
  made.add(path);
  return path;
}

/** Removes a folder made by {@link tempDir}. */
export function removeTempDir(path: string): void {
  rmSync(path, { recursive: true, force: true });
  made.delete(path);
}
