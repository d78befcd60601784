// What the helper scripts share. Plain JavaScript without dependencies: it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const inCi = process.env.CI === 'true' || process.env.CI === '1';

/** Prints one line about set-up to stderr, so that stdout stays what the command itself prints. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Ends the process with a sentence that says what to do. */
/** How often something that takes long says that it is still at it, in ms. */
const STILL_EVERY_MS = 5000;

/**
 * Does something that may take long: says what, and every few seconds for how long it has been at it.
 *
 * @returns what `work` returns
 */
export async function during(what, work) {
  const started = performance.now();
  say(`${what} …`);
  const still = setInterval(() => say(`${what} … ${seconds(started)}`), STILL_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(still);
  }
}

export function fail(line) {
  say(line);
  process.exit(1);
}

/** Every file under `folder` (relative to the root), sorted, without what `skip` names. */
export function filesUnder(folder, skip = () => false) {
  const top = join(root, folder);
  if (!existsSync(top)) return [];
  if (statSync(top).isFile()) return [folder];
  const found = [];
  for (const entry of readdirSync(top, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (skip(path)) continue;
    if (entry.isDirectory()) found.push(...filesUnder(path, skip));
    else found.push(path);
  }
  return found.sort();
}

/** A short text that changes whenever one of `files` does (name, size, time of change). */
export function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** The content of a stamp file, or '' when there is none. */
export function readStamp(path) {
  const full = join(root, path);
  return existsSync(full) ? readFileSync(full, 'utf8') : '';
}

export function writeStamp(path, text) {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
}

export function remove(path) {
  rmSync(join(root, path), { recursive: true, force: true });
}

/** Runs a program with the terminal handed through; resolves with its exit code. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.on('error', (error) => {
      say(`${command} could not be started: ${error.message}`);
      resolve(1);
    });
    child.on('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
}

/** Runs a program and keeps what it prints; resolves with exit code and text. */
export function capture(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    child.stdout.on('data', (part) => {
      text += part;
    });
    child.stderr.on('data', (part) => {
      text += part;
    });
    child.on('error', (error) => resolve({ code: 1, text: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, text }));
  });
}

/** Whether a program can be found on PATH. */
export function hasProgram(name) {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { stdio: 'ignore' }).status === 0;
}

/**
 * Holds `path` (a folder) as a lock while `work` runs, so that two npm scripts at once do not build over each other.
 * A lock whose owner is gone is taken over.
 */
export async function withLock(path, work) {
  const full = join(root, path);
  for (;;) {
    try {
      mkdirSync(dirname(full), { recursive: true });
      mkdirSync(full);
      break;
    } catch (error) {
      if (['EACCES', 'EPERM', 'EROFS'].includes(error.code))
        fail(
          `There is something to install or to build, and this user may not write to ${root}. Let its owner run: npm run build`,
        );
      if (error.code !== 'EEXIST') throw error;
      const owner = Number(readStamp(`${path}/pid`));
      if (!alive(owner, full)) rmSync(full, { recursive: true, force: true });
      else await delay(100);
    }
  }
  writeFileSync(join(full, 'pid'), String(process.pid));
  try {
    return await work();
  } finally {
    rmSync(full, { recursive: true, force: true });
  }
}

function alive(pid, lock) {
  if (!pid) {
    // The owner has made the folder and not yet written its number, or died in between.
    try {
      return Date.now() - statSync(lock).mtimeMs < 2000;
    } catch {
      return false;
    }
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

const DEPENDENCIES_STAMP = 'node_modules/.sluice-lock';

function wantedDependencies() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/** Whether node_modules is what the lock file asks for. */
export function dependenciesAreInstalled() {
  return readStamp(DEPENDENCIES_STAMP) === wantedDependencies();
}

/** Installs the locked dependencies when node_modules is missing or the lock file has changed since. */
export async function ensureDependencies() {
  if (dependenciesAreInstalled()) return;
  const started = performance.now();
  const { code, text } = await during('Installing dependencies (npm ci)', () =>
    capture('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']),
  );
  if (code !== 0) fail(`${text}\nnpm ci failed. Check the network and the npm registry setting, then try again.`);
  if (text.trim() !== '') say(text.trim());
  writeStamp(DEPENDENCIES_STAMP, wantedDependencies());
  say(`Installed in ${seconds(started)}.`);
}

export function seconds(startedMs) {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}

/** A path as seen from the root. */
export function fromRoot(path) {
  return relative(root, path);
}
