import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SluiceError } from '../core/errors.js';
import { newId } from '../core/ids.js';

/** What an installation keeps for ever: its name in events, and the secret behind key fingerprints. */
export interface Installation {
  readonly nodeId: string;
  readonly salt: Buffer;
}

const FILE = 'installation.json';
const SALT_BYTES = 32;

/**
 * Reads the installation's identity from the data folder, or makes both at the first start (folder 0700, file 0600).
 *
 * @param configuredId `node.id`; wins over the generated one
 * @throws SluiceError `ERR_DATA_FOLDER` when the folder cannot be used
 */
export async function openInstallation(dataFolder: string, configuredId: string): Promise<Installation> {
  try {
    await makeFolder(dataFolder);
    const kept = (await readKept(dataFolder)) ?? (await make(dataFolder));
    return { nodeId: configuredId === '' ? kept.nodeId : configuredId, salt: kept.salt };
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    throw new SluiceError(
      'ERR_DATA_FOLDER',
      `${dataFolder}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/**
 * Makes a folder and those above it, 0700. Not by `mkdir` with `recursive`: where the system answers ENOENT although the parent is
 * there (below /proc), Node tries again for ever and takes no signal any more.
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(path) !== path) {
      await makeFolder(dirname(path));
      await mkdir(path, { mode: 0o700 });
      return;
    }
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() !== true) throw error;
  }
}

async function readKept(dataFolder: string): Promise<Installation | undefined> {
  let text: string;
  try {
    text = await readFile(join(dataFolder, FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const kept = JSON.parse(text) as { nodeId?: unknown; salt?: unknown };
  const salt = typeof kept.salt === 'string' ? Buffer.from(kept.salt, 'hex') : Buffer.alloc(0);
  if (typeof kept.nodeId !== 'string' || kept.nodeId === '' || salt.length !== SALT_BYTES) {
    throw new SluiceError('ERR_DATA_FOLDER', `${join(dataFolder, FILE)} is damaged`);
  }
  return { nodeId: kept.nodeId, salt };
}

async function make(dataFolder: string): Promise<Installation> {
  const made = { nodeId: newId(), salt: randomBytes(SALT_BYTES) };
  const file = await open(join(dataFolder, FILE), 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ nodeId: made.nodeId, salt: made.salt.toString('hex') })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return made;
}
