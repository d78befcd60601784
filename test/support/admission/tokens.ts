import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** Parts of a token: what they say, not whether that is right. */
export interface TokenParts {
  readonly alg: string;
  readonly kid?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** A secret for HS256, a private key for RS256 and EdDSA; undefined: the signature is empty. */
  readonly key?: string | KeyObject;
}

/** Claims of a good token for publishing and playing everything. */
export const GOOD_CLAIMS = { aud: 'sluice', sub: 'alice', sluice: { action: ['publish', 'play'] } };

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JSON Web Token, made by hand, so that it can be wrong in any way. */
export function tokenOf({ alg, kid, claims = GOOD_CLAIMS, key }: TokenParts): string {
  const signed = `${part({ alg, ...(kid === undefined ? {} : { kid }), typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${signatureOf(signed, key).toString('base64url')}`;
}

function signatureOf(signed: string, key: TokenParts['key']): Buffer {
  if (key === undefined) return Buffer.alloc(0);
  if (typeof key === 'string') return createHmac('sha256', key).update(signed).digest();
  return sign(key.asymmetricKeyType === 'rsa' ? 'sha256' : null, Buffer.from(signed), key);
}

/** A pair of keys. `pem` is the public one. */
export function keyPair(type: 'rsa' | 'ed25519', bits = 2048) {
  const { privateKey, publicKey } =
    type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: bits }) : generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const jwk = publicKey.export({ format: 'jwk' });
  return { privateKey, publicKey, pem, jwk };
}
