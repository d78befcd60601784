import { createSecretKey, type KeyObject } from 'node:crypto';
import type { SignedKey } from '../../config/auth-schemas.js';
import { formatBlock, parseBlock } from '../../core/cidr.js';
import { SluiceError } from '../../core/errors.js';
import type { AdmissionAction } from '../../live/admission.js';
import { isPlaceholder } from '../placeholders.js';
import type { AdmissionRequest } from '../request.js';
import { next, type Reply, type Responder, wrongCredentials } from '../responder.js';
import { isSignatureOf, type SignedClaim } from '../signed-url.js';

/** Decides by the signature in the URL: `?e=<unix s>&s=<signature>[&k=<key id>][&ip=1]`. It governs the start only. */
export class SignedResponder implements Responder {
  readonly name = 'signed';
  readonly #keys: readonly { readonly id: string; readonly secret: KeyObject }[];
  readonly #skewMs: number;

  /**
   * @param skewMs how far the clocks may differ
   * @throws SluiceError ERR_CONFIG_INVALID_VALUE when a secret is one that everybody tries first
   */
  constructor(keys: readonly SignedKey[], skewMs: number) {
    for (const { id, secret } of keys) {
      if (isPlaceholder(secret)) {
        const what = 'its secret is one that everybody tries first; `sluice key new` makes one';
        throw new SluiceError('ERR_CONFIG_INVALID_VALUE', `auth.signed.keys, key ${id}: ${what}`);
      }
    }
    this.#keys = keys.map(({ id, secret }) => ({ id, secret: createSecretKey(secret, 'utf8') }));
    this.#skewMs = skewMs;
  }

  asks(action: AdmissionAction): boolean {
    return action !== 'connect';
  }

  answer(request: AdmissionRequest): Reply {
    const { query, app, name, nowMs } = request;
    const { action, reason } = request.question;
    const signature = query.get('s');
    const expiry = query.get('e');
    if (action === 'connect') return next('connects have no signature');
    if (signature === undefined || expiry === undefined) {
      return { ...next('the URL has no signature (e and s)'), error: 'ERR_AUTH_CREDENTIALS' };
    }
    if (!/^[0-9]{1,12}$/.test(expiry)) return wrongCredentials('e is no Unix time in seconds');
    const keyId = query.get('k');
    const key = keyId === undefined ? this.#keys[0] : this.#keys.find(({ id }) => id === keyId);
    if (key === undefined) return wrongCredentials('k names no key of auth.signed.keys');
    const expiresAtS = Number(expiry);
    const address = query.get('ip') === '1' ? plainAddress(request.address) : undefined;
    const claim: SignedClaim = { action, app, name, expiresAtS, address };
    if (!isSignatureOf(claim, key.secret, signature)) return wrongCredentials(`the signature is not that of ${key.id}`);
    if (reason === 'start' && expiresAtS * 1000 + this.#skewMs < nowMs) {
      return { ...wrongCredentials('the signature is right, and its time is over'), message: 'the URL has expired' };
    }
    const principal = `signed:${key.id}:${app}/${name}`;
    return { decision: 'allow', principal, credential: signature, why: `signed with ${key.id}` };
  }
}

/** An IPv4 client of an IPv6 socket has signed its IPv4 address. */
function plainAddress(address: string): string {
  const block = parseBlock(address);
  return block === undefined ? address : formatBlock(block);
}
