// npm start: install and build what is needed, then become `sluice` with the flags that were given.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { root } from './lib.mjs';

await build();
const cli = join(root, 'dist/src/cli.js');
// In this process, not in a child: signals, exit code and terminal are the server's own.
process.argv = [process.argv[0], cli, ...process.argv.slice(2)];
await import(pathToFileURL(cli).href);
