// npm run tarball: a folder with everything that runs, and a tarball of it, for machines that have Node and neither a
// compiler nor a package registry. `--folder DIR` makes the folder alone, as the image of the Dockerfile has it.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { capture, fail, filesUnder, root, say } from './lib.mjs';

/** Paths of the packages that running needs, from the lock file: `node_modules/a`, `node_modules/a/node_modules/b`. */
function productionPackages(lock) {
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path]) => path);
}

/**
 * Puts a package, every other package that it needs, and a launcher into `folder`, which is made anew.
 *
 * @param packed the package, as npm has packed it
 */
export async function stage(folder, packed) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'bin'), { recursive: true });
  await need('tar', ['-xzf', packed, '-C', folder, '--strip-components=1']);
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  for (const path of productionPackages(lock)) copyPackage(path, folder);
  cpSync(join(root, 'scripts/launcher.sh'), join(folder, 'bin/sluice'));
  chmodSync(join(folder, 'bin/sluice'), 0o755);
}

/** Without the packages below it: those that running needs have an entry of their own in the lock file. */
function copyPackage(path, folder) {
  const from = join(root, path);
  if (!existsSync(from)) fail(`${path} is not installed. Run: npm run build`);
  cpSync(from, join(folder, path), {
    recursive: true,
    filter: (source) => !(source.startsWith(`${from}/`) && basename(source) === 'node_modules'),
  });
}

/** What `sha256sum -c` reads. */
function checksum(folder, file) {
  const hash = createHash('sha256').update(readFileSync(join(folder, file)));
  return `${hash.digest('hex')}  ${file}\n`;
}

/** Stages what npm packs now. */
async function packAndStage(folder) {
  const into = mkdtempSync(join(tmpdir(), 'sluice-pack-'));
  await need('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', into]);
  const [file] = readdirSync(into);
  await stage(folder, join(into, file));
  rmSync(into, { recursive: true, force: true });
}

async function need(command, args) {
  const { code, text } = await capture(command, args);
  if (code !== 0) fail(`${text}\n${command} failed.`);
}

/** @param into folder, which is made @returns the path of the tarball; beside it is a file of its checksum */
export async function tarball(into) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const top = `sluice-${version}`;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tarball-'));
  await packAndStage(join(folder, top));
  const file = `${top}-node.tar.gz`;
  mkdirSync(into, { recursive: true });
  await need('tar', ['-czf', join(into, file), '-C', folder, top]);
  rmSync(folder, { recursive: true, force: true });
  writeFileSync(join(into, `${file}.sha256`), checksum(into, file));
  return join(into, file);
}

function flags() {
  try {
    return parseArgs({ options: { folder: { type: 'string' }, into: { type: 'string', default: root } } }).values;
  } catch (error) {
    return fail(`${error.message}\nExpected: npm run tarball -- [--into FOLDER | --folder FOLDER]`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const values = flags();
  await build();
  if (filesUnder('dist/page').length === 0) fail('dist/page is empty. Run: npm run build');
  if (values.folder === undefined) say(await tarball(resolve(values.into)));
  else await packAndStage(resolve(values.folder));
}
