import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json. */
export function repository(): string {
  let path = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(path, 'package.json'))) path = dirname(path);
  return path;
}

/**
 * The built command line: that of this repository, or the one that TEST_SLUICE_CLI names (an unpacked package, say).
 */
export function builtCli(): string {
  const cli = process.env['TEST_SLUICE_CLI'] ?? join(repository(), 'dist', 'src', 'cli.js');
  if (!existsSync(cli)) throw new Error(`${cli} is missing: run "npm run build" first`);
  return cli;
}
