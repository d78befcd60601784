// npm run build: WebAssembly (release and debug), TypeScript, event schemas, the page. Does only what is out of date.
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  capture,
  dependenciesAreInstalled,
  during,
  ensureDependencies,
  fail,
  filesUnder,
  fingerprint,
  readStamp,
  remove,
  root,
  say,
  seconds,
  withLock,
  writeStamp,
} from './lib.mjs';

const WASM_STAMP = 'dist/.stamp-wasm';
const TS_STAMP = 'dist/.stamp-ts';
const PAGE_STAMP = 'dist/.stamp-page';
const WRITE_SCHEMAS = 'dist/src/events/write-schemas.js';

/** Brings dist/ up to date with the sources; ends the process with the compilers' words when they object. */
export async function build() {
  // Nothing is written when nothing is out of date, so that a user who may only read the folder can start what is
  // built.
  if (dependenciesAreInstalled() && stepsToDo().length === 0) return;
  await withLock('dist/.lock', async () => {
    await ensureDependencies();
    const started = performance.now();
    const steps = stepsToDo();
    if (steps.length === 0) return;
    const failed = (await Promise.all(steps.map(perform))).filter((text) => text !== '');
    if (failed.length > 0) fail(`${failed.join('\n')}\nThe build failed.`);
    say(`Built in ${seconds(started)}.`);
  });
}

function stepsToDo() {
  return [wasm(), typescript(), page()].filter((step) => step !== undefined);
}

/**
 * Does one step and says what, for how long it has been at it, and how long it took; resolves with the compiler's words
 * or ''.
 */
async function perform({ what, work }) {
  const started = performance.now();
  const trouble = await during(what, work);
  if (trouble === '') say(`${what}: ${seconds(started)}`);
  return trouble;
}

function wasm() {
  const inputs = [...filesUnder('assembly'), 'asconfig.json', 'package-lock.json'];
  if (!inputs.includes('assembly/index.ts')) return undefined;
  const outputs = ['dist/assembly/sluice.wasm', 'dist/assembly/sluice.debug.wasm'];
  const wanted = fingerprint(inputs);
  if (readStamp(WASM_STAMP) === wanted && outputs.every(exists)) return undefined;
  const work = async () => {
    remove(WASM_STAMP);
    const asc = join(root, 'node_modules/assemblyscript/bin/asc.js');
    const runs = ['release', 'debug'].map((target) =>
      capture(process.execPath, [asc, '--config', 'asconfig.json', '--target', target]),
    );
    for (const { code, text } of await Promise.all(runs)) if (code !== 0) return text;
    writeStamp(WASM_STAMP, wanted);
    return '';
  };
  return { what: 'Compiling WebAssembly', work };
}

function typescript() {
  const inputs = [
    ...filesUnder('src', (path) => path === 'src/page'),
    ...filesUnder('bench'),
    'assembly/constants.ts',
    'tsconfig.json',
    'package-lock.json',
  ];
  const wanted = fingerprint(inputs.filter(exists));
  const sources = inputs.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && exists(file));
  const outputs = sources.map((file) => `dist/${file.slice(0, -3)}.js`);
  const complete = outputs.every(exists);
  if (readStamp(TS_STAMP) === wanted && complete) return undefined;
  const work = async () => {
    remove(TS_STAMP);
    // tsc does not notice that an output was deleted; without its notes it writes everything.
    if (!complete) remove('dist/.tsbuildinfo');
    removeOrphans(new Set(outputs));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { code, text } = await capture(process.execPath, [tsc, '-p', 'tsconfig.json', '--pretty', 'false']);
    if (code !== 0) return text;
    if (exists('dist/src/cli.js')) chmodSync(join(root, 'dist/src/cli.js'), 0o755);
    const trouble = await schemas();
    if (trouble === '') writeStamp(TS_STAMP, wanted);
    return trouble;
  };
  return { what: 'Compiling TypeScript', work };
}

function page() {
  const inputs = [...filesUnder('src/page'), ...filesUnder('src/model'), 'scripts/page.mjs', 'package-lock.json'];
  const wanted = fingerprint(inputs.filter(exists));
  if (readStamp(PAGE_STAMP) === wanted && exists('dist/page/index.html')) return undefined;
  const work = async () => {
    remove(PAGE_STAMP);
    remove('dist/page');
    const { bundlePage } = await import('./page.mjs');
    const trouble = await bundlePage('dist/page');
    if (trouble === '') writeStamp(PAGE_STAMP, wanted);
    return trouble;
  };
  return { what: 'Bundling the page', work };
}

/** Outputs of sources that are gone would still be packed and imported. */
function removeOrphans(outputs) {
  for (const file of [...filesUnder('dist/src'), ...filesUnder('dist/bench')]) {
    const script = file.replace(/\.(?:d\.ts|js\.map|js)$/, '.js');
    if (script !== file || file.endsWith('.js')) if (!outputs.has(script)) remove(file);
  }
}

async function schemas() {
  if (!exists(WRITE_SCHEMAS)) return '';
  remove('dist/schemas');
  const { code, text } = await capture(process.execPath, [WRITE_SCHEMAS, 'dist/schemas']);
  if (code !== 0) return text;
  return readdirSync(join(root, 'dist/schemas')).length > 0 ? '' : `${WRITE_SCHEMAS} wrote no schema.`;
}

function exists(path) {
  return existsSync(join(root, path));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await build();
