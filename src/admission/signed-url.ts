import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { AdmissionAction } from '../live/admission.js';

/** What a signature is about. */
export interface SignedClaim {
  readonly action: Exclude<AdmissionAction, 'connect'>;
  readonly app: string;
  readonly name: string;
  /** Unix time in seconds after which nothing begins with it. */
  readonly expiresAtS: number;
  /** Only a client with this address may use it; undefined: any. */
  readonly address?: string | undefined;
}

/** The one text that is signed: `v1:<action>:<app>/<name>:<e>[:<address>]`. */
export function stringToSign({ action, app, name, expiresAtS, address }: SignedClaim): string {
  return `v1:${action}:${app}/${name}:${expiresAtS}${address === undefined ? '' : `:${address}`}`;
}

/**
 * Signs a claim.
 *
 * @param keyId id of the key; undefined: the first of `auth.signed.keys`, which need not be named
 * @returns the query of the URL, without `?`
 */
export function sign(claim: SignedClaim, secret: string, keyId?: string): string {
  const signature = hmac(claim, secret).toString('base64url');
  const key = keyId === undefined ? '' : `&k=${keyId}`;
  return `e=${claim.expiresAtS}&s=${signature}${key}${claim.address === undefined ? '' : '&ip=1'}`;
}

/** Whether a signature is that of a claim. It may be written in hex, base64 or base64url. */
export function isSignatureOf(claim: SignedClaim, secret: KeyObject, signature: string): boolean {
  const given = decode(signature);
  return given !== undefined && timingSafeEqual(given, hmac(claim, secret));
}

function hmac(claim: SignedClaim, secret: string | KeyObject): Buffer {
  return createHmac('sha256', secret).update(stringToSign(claim)).digest();
}

/** The 32 bytes of a signature; undefined when the text is none. */
function decode(signature: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(signature)) return Buffer.from(signature, 'hex');
  return /^[A-Za-z0-9_+/-]{43}=?$/.test(signature) ? Buffer.from(signature, 'base64') : undefined;
}
