import { type SignedClaim, sign as signClaim, stringToSign } from '../admission/signed-url.js';
import type { SignedKey } from '../config/auth-schemas.js';
import { parseDuration } from '../core/duration.js';
import { SluiceError } from '../core/errors.js';
import { configFrom } from './config-flags.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';

/** Options of `sluice sign`. */
export interface SignOptions {
  readonly config?: string;
  readonly for?: string;
  readonly key?: string;
  readonly ip?: string;
  readonly json?: boolean;
}

const DEFAULT_DURATION = '1h';

/**
 * `sluice sign ACTION TARGET`: prints a signed URL, or its query when the target is only `app/name`. The string that
 * was signed goes to standard error.
 *
 * @returns the exit code
 * @throws SluiceError ERR_CLI_USAGE, ERR_CONFIG_*
 */
export function sign(action: string, target: string, options: SignOptions, io: Io): number {
  if (action !== 'publish' && action !== 'play') {
    throw new SluiceError('ERR_CLI_USAGE', `sign ${action}; expected sign publish or sign play`);
  }
  const { base, app, name } = readTarget(target);
  const key = keyOf(configFrom({ config: options.config }, io).config.auth.signed.keys, options.key);
  const lasts = options.for ?? DEFAULT_DURATION;
  const lastsMs = parseDuration(lasts);
  if (lastsMs === undefined) {
    throw new SluiceError('ERR_CLI_USAGE', `--for ${lasts}; expected a duration such as 10m, 8h or 30d`);
  }
  const expiresAtS = Math.floor((Date.now() + lastsMs) / 1000);
  const claim: SignedClaim = { action, app, name, expiresAtS, address: options.ip };
  // The first key needs no name, which keeps URLs short, but a name goes on working when another key becomes the first.
  const query = signClaim(claim, key.secret, key.id);
  const url = base === undefined ? undefined : `${base}?${query}`;
  const signed = stringToSign(claim);
  if (options.json === true) {
    const expiresAt = new Date(expiresAtS * 1000).toISOString();
    io.out(`${JSON.stringify({ ...(url === undefined ? {} : { url }), query, stringToSign: signed, expiresAt })}\n`);
    return EXIT.ok;
  }
  io.out(`${url ?? query}\n`);
  io.err(`signed: ${signed}\n`);
  return EXIT.ok;
}

interface Target {
  /** The URL without a query; undefined for `app/name`. */
  readonly base: string | undefined;
  readonly app: string;
  readonly name: string;
}

/** An app may have slashes; the name is what follows the last one. */
function readTarget(target: string): Target {
  const [, base, path = target] = /^(rtmps?:\/\/[^/?]+\/([^?]+))$/i.exec(target) ?? [];
  const slash = path.lastIndexOf('/');
  const [app, name] = [path.slice(0, slash), path.slice(slash + 1)];
  if (slash < 1 || name === '' || /[?:]/.test(path)) {
    throw new SluiceError(
      'ERR_CLI_USAGE',
      'the target is neither app/name nor rtmp://HOST[:PORT]/APP/NAME, without a query',
    );
  }
  return { base, app, name };
}

function keyOf(keys: readonly SignedKey[], id: string | undefined): SignedKey {
  const key = id === undefined ? keys[0] : keys.find((each) => each.id === id);
  if (key !== undefined) return key;
  const names = keys.map((each) => each.id).join(', ');
  const problem = keys.length === 0 ? 'auth.signed.keys is empty' : `there is no key ${id}; there are ${names}`;
  throw new SluiceError('ERR_CLI_USAGE', problem);
}
