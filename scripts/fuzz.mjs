// npm run fuzz [-- --minutes N] [--target NAME,…] [--seed N] [--log] [--replay NAME:HEX]: see docs/fuzzing.md.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { capture, during, fail, root, run } from './lib.mjs';

await build();
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const { code, text } = await during('Compiling the fuzz targets', () =>
  capture(process.execPath, [tsc, '-p', join(root, 'test/fuzz/tsconfig.json')]),
);
if (code !== 0) fail(text);
cpSync(join(root, 'dist/assembly'), join(root, '.cache/fuzz/assembly'), { recursive: true });
process.exit(
  await run(process.execPath, ['--no-warnings', join(root, '.cache/fuzz/test/fuzz/main.js'), ...process.argv.slice(2)]),
);
