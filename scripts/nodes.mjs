// Every major version of Node that is supported, as npm brings it.
// usage: node scripts/nodes.mjs <major> <script> [arguments]   runs a script with that version
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { capture, during, fail, root, run } from './lib.mjs';

const VERSIONS = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0' };

/** The supported major versions, oldest first, as text. */
export const MAJORS = Object.keys(VERSIONS);

/**
 * The path of a Node binary of one major version: the running one, or one that is installed below `.cache/` when it is
 * not there yet.
 *
 * @throws Error when it cannot be installed, with what npm said
 */
export async function nodeBinary(major) {
  if (process.versions.node.split('.')[0] === major) return process.execPath;
  const version = VERSIONS[major];
  if (version === undefined) throw new Error(`There is no Node ${major} here; there are: ${MAJORS.join(', ')}.`);
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(root, '.cache', `node-${version}`);
  const binary = join(folder, 'node_modules', name, 'bin/node');
  if (existsSync(binary)) return binary;
  const flags = ['--no-audit', '--no-fund', '--no-save', '--ignore-scripts', '--loglevel=error'];
  const npm = () => capture('npm', ['install', '--prefix', folder, ...flags, `${name}@${version}`]);
  const { code, text } = await during(`Installing Node ${version}`, npm);
  if (code !== 0 || !existsSync(binary)) throw new Error(`${text}\nnpm could not install ${name}@${version}.`);
  return binary;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [major = '', ...command] = process.argv.slice(2);
  const binary = await nodeBinary(major).catch((error) => fail(error.message));
  process.exit(await run(binary, command));
}
