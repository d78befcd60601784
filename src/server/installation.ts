import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SluiceError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import { MAKE_NEW, openOwn, ownFolder, readOwn } from '../core/own-files.js';

/** The identity of an installation, which never changes: its name in events, and the secret behind key fingerprints. */
interface Installation {
  readonly nodeId: string;
  readonly salt: Buffer;
}

const FILE = 'installation.json';
const SALT_BYTES = 32;

/**
 * Reads the installation's identity from the data folder, or makes both at the first start (folder 0700, file 0600).
 *
 * @param configuredId `node.id`; wins over the generated one
 * @throws SluiceError `ERR_DATA_FOLDER`, `ERR_DATA_FOLDER_NOT_OURS`, `ERR_INSTALLATION_DAMAGED`
 */
export async function openInstallation(dataFolder: string, configuredId: string): Promise<Installation> {
  try {
    await ownFolder(dataFolder);
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

/** A secret of this installation for one purpose: it reveals neither the salt nor the secrets for other purposes. */
export function secretFor(purpose: string, { salt }: Pick<Installation, 'salt'>): Buffer {
  return createHmac('sha256', salt).update(`sluice ${purpose}`).digest();
}

async function readKept(dataFolder: string): Promise<Installation | undefined> {
  let text: string;
  try {
    text = (await readOwn(join(dataFolder, FILE))).toString('utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const kept = parse(text);
  if (kept === undefined) throw new SluiceError('ERR_INSTALLATION_DAMAGED', join(dataFolder, FILE));
  return kept;
}

function parse(text: string): Installation | undefined {
  try {
    const kept = JSON.parse(text) as { nodeId?: unknown; salt?: unknown } | null;
    const salt = typeof kept?.salt === 'string' ? Buffer.from(kept.salt, 'hex') : Buffer.alloc(0);
    if (typeof kept?.nodeId !== 'string' || kept.nodeId === '' || salt.length !== SALT_BYTES) return undefined;
    return { nodeId: kept.nodeId, salt };
  } catch {
    return undefined;
  }
}

async function make(dataFolder: string): Promise<Installation> {
  const made = { nodeId: newId(), salt: randomBytes(SALT_BYTES) };
  const file = await openOwn(join(dataFolder, FILE), MAKE_NEW);
  try {
    await file.writeFile(`${JSON.stringify({ nodeId: made.nodeId, salt: made.salt.toString('hex') })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return made;
}
