// npm run bench[:name]: build, then run dist/bench/<name>.js; without a name the tour, dist/bench/index.js.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { fail, root, run } from './lib.mjs';

const ALL = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
  .filter((name) => name !== 'index');
const [name, ...rest] = process.argv.slice(2);
const named = name !== undefined && !name.startsWith('-');
const wanted = named ? name : 'index';
const flags = named ? rest : process.argv.slice(2);

await build();
const script = join(root, `dist/bench/${wanted}.js`);
if (!existsSync(script)) fail(`There is no bench '${wanted}'; there are: ${ALL.join(', ')}.`);
const code = await run(process.execPath, ['--expose-gc', script, ...flags]);
if (code !== 0) process.exit(code);
