import { createHash, randomBytes } from 'node:crypto';
import { isPlaceholder } from '../admission/placeholders.js';
import { hashPassword } from '../admission/scrypt-keys.js';
import { SluiceError } from '../core/errors.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';

/** 128 bits cannot be guessed, so that a plain SHA-256 of the key protects it. */
const KEY_BYTES = 16;

/** Options of `sluice key`. */
export interface KeyOptions {
  readonly json?: boolean;
}

/**
 * `sluice key new`: makes a key for `auth.rules` or `http.tokens`, with the SHA-256 that is written there. `sluice key
 * hash`: reads a password from standard input and prints its scrypt hash for `auth.rules`.
 *
 * @returns the exit code
 * @throws SluiceError ERR_CLI_USAGE
 */
export async function key(what: string, options: KeyOptions, io: Io): Promise<number> {
  if (what === 'new') print(newKey(), options, io);
  else if (what === 'hash') print({ scrypt: await hashedPassword(io) }, options, io);
  else throw new SluiceError('ERR_CLI_USAGE', `key ${what}; expected key new or key hash`);
  return EXIT.ok;
}

function newKey(): { readonly key: string; readonly sha256: string } {
  const text = randomBytes(KEY_BYTES).toString('base64url');
  return { key: text, sha256: createHash('sha256').update(text).digest('hex') };
}

async function hashedPassword(io: Io): Promise<string> {
  const password = await io.readSecret('Password: ');
  if (isPlaceholder(password)) throw new SluiceError('ERR_CLI_USAGE', 'the password is one that everybody tries first');
  return hashPassword(password);
}

function print(values: Readonly<Record<string, string>>, options: KeyOptions, io: Io): void {
  if (options.json === true) io.out(`${JSON.stringify(values)}\n`);
  else for (const [name, value] of Object.entries(values)) io.out(`${name.padEnd(8)}${value}\n`);
}
