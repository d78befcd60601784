import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { JwtKey } from '../../config/auth-schemas.js';
import { SluiceError } from '../../core/errors.js';

/** A key that takes signatures of one algorithm only, so that no token can choose another one for it. */
export interface VerificationKey {
  /** Undefined: it is tried for tokens of every `kid`. */
  readonly kid: string | undefined;
  readonly alg: JwtKey['alg'];
  readonly key: KeyObject;
}

/** Least bits of an RSA key (RFC 7518 §3.3). */
const LEAST_RSA_BITS = 2048;
/** Most keys of a set. */
const MAX_KEYS = 100;

/**
 * A key of `auth.jwt.keys`. A file is read now.
 *
 * @param place of the key in the list, from 0 on, for the error
 * @throws ERR_CONFIG_INVALID_VALUE when it cannot be used; the message holds no part of the key
 */
export function configuredKey({ kid, alg, secret, publicKey }: JwtKey, place: number): VerificationKey {
  try {
    if (alg === 'HS256') return { kid, alg, key: sharedSecret(secret ?? '') };
    const pem = publicKey?.trim() ?? '';
    const key = publicKeyOf(pem.startsWith('-----BEGIN') ? pem : readFileSync(pem, 'utf8'));
    if (algorithmOf(key) !== alg) throw new Error(`the key is no ${alg === 'RS256' ? 'RSA' : 'Ed25519'} key`);
    if (isShort(key)) throw new Error(`the RSA key has less than ${LEAST_RSA_BITS} bits`);
    return { kid, alg, key };
  } catch (error) {
    throw new SluiceError('ERR_CONFIG_INVALID_VALUE', `auth.jwt.keys/${place}: ${reason(error)}`);
  }
}

/**
 * The keys of a JSON Web Key Set (RFC 7517 §5) that can verify tokens: RSA keys for RS256 and Ed25519 keys for EdDSA.
 * All others in it are left out, and so is everything private.
 *
 * @returns undefined when the text is no key set or holds no such key
 */
export function keysOfSet(text: string): readonly VerificationKey[] | undefined {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { keys } = (set ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) return undefined;
  const usable = keys.slice(0, MAX_KEYS).flatMap((jwk: unknown) => keyOfJwk(jwk) ?? []);
  return usable.length === 0 ? undefined : usable;
}

function keyOfJwk(value: unknown): VerificationKey | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const jwk = value as JsonWebKey & { readonly kid?: unknown; readonly alg?: unknown; readonly use?: unknown };
  if (jwk.use !== undefined && jwk.use !== 'sig') return undefined;
  const kid = typeof jwk.kid === 'string' ? jwk.kid : undefined;
  const isRsa = jwk.kty === 'RSA' && (jwk.alg === undefined || jwk.alg === 'RS256');
  const isEd =
    jwk.kty === 'OKP' && jwk.crv === 'Ed25519' && [undefined, 'EdDSA', 'Ed25519'].includes(jwk.alg as string);
  if (!isRsa && !isEd) return undefined;
  const { kty, n, e, crv, x } = jwk;
  try {
    const key = createPublicKey({ key: (isRsa ? { kty, n, e } : { kty, crv, x }) as JsonWebKey, format: 'jwk' });
    return isShort(key) ? undefined : { kid, alg: isRsa ? 'RS256' : 'EdDSA', key };
  } catch {
    return undefined;
  }
}

function sharedSecret(secret: string): KeyObject {
  // Whoever knows a public key could sign with it, were it taken for a secret.
  if (secret.includes('-----BEGIN')) throw new Error('the secret is a PEM; a shared secret was expected for HS256');
  return createSecretKey(Buffer.from(secret, 'utf8'));
}

function publicKeyOf(pem: string): KeyObject {
  if (pem.includes('PRIVATE KEY')) throw new Error('the PEM is a private key; the public key was expected');
  return createPublicKey(pem);
}

function algorithmOf({ asymmetricKeyType }: KeyObject): JwtKey['alg'] | undefined {
  if (asymmetricKeyType === 'rsa') return 'RS256';
  return asymmetricKeyType === 'ed25519' ? 'EdDSA' : undefined;
}

function isShort({ asymmetricKeyDetails }: KeyObject): boolean {
  const bits = asymmetricKeyDetails?.modulusLength;
  return bits !== undefined && bits < LEAST_RSA_BITS;
}

/** Of the system and of OpenSSL only the code is told: their messages may quote what they read. */
function reason(error: unknown): string {
  const { code, message } = error as { code?: unknown; message: string };
  if (typeof code !== 'string') return message;
  return /^E[A-Z0-9]+$/.test(code) ? `the file cannot be read (${code})` : `no public key in PEM`;
}
