// npm start: install and build what is needed, then become `sluice` with the flags that were given.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { root } from './lib.mjs';

/** How often it is seen whether npm is still there, in ms. */
const PARENT_EVERY_MS = 500;

await build();
endWithNpm();
const cli = join(root, 'dist/src/cli.js');
// In this process, not in a child: signals, exit code and terminal are the server's own.
process.argv = [process.argv[0], cli, ...process.argv.slice(2)];
await import(pathToFileURL(cli).href);

/**
 * npm hands on SIGINT and SIGTERM, nothing else. When it is gone without them (killed, or hung up on), the server would
 * run on unseen and keep its ports: it ends in good order instead.
 */
function endWithNpm() {
  const npm = process.ppid;
  if (process.env.npm_lifecycle_event !== 'start') return;
  const look = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(look);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_EVERY_MS).unref();
}
