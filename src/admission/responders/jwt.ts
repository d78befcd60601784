import type { JwtKey } from '../../config/auth-schemas.js';
import type { Clock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { AdmissionAction } from '../../live/admission.js';
import { checkToken, type TokenCheck } from '../jwt/check-token.js';
import { readClaims, replyOfClaims } from '../jwt/claims.js';
import { KeySet } from '../jwt/key-set.js';
import { configuredKey, type VerificationKey } from '../jwt/verification-key.js';
import type { AdmissionRequest } from '../request.js';
import { next, type Responder, type ResponderAnswer, wrongCredentials } from '../responder.js';

/** The settings `auth.jwt`. */
export interface JwtOptions {
  readonly keys: readonly JwtKey[];
  /** Path or URL of a key set; empty: none. */
  readonly jwks: string;
  readonly audience: string;
  /** Empty: any. */
  readonly issuer: string;
  /** Parameter of the query that holds the token. */
  readonly parameter: string;
  readonly onExpiry: 'end' | 'ignore';
}

/** What a JSON Web Token in its compact form looks like: three parts in base64url. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Decides by a JSON Web Token in the URL. Without one the next responder decides. */
export class JwtResponder implements Responder {
  readonly name = 'jwt';
  readonly #o: JwtOptions;
  readonly #keys: readonly VerificationKey[];
  readonly #set: KeySet | undefined;

  /** @throws ERR_CONFIG_INVALID_VALUE when there is no audience, or a key cannot be used */
  constructor(o: JwtOptions, deps: { readonly clock: Clock; readonly log: Logger }) {
    if (o.audience === '') {
      throw new SluiceError('ERR_CONFIG_INVALID_VALUE', 'auth.jwt.audience is empty; tokens for others would be taken');
    }
    this.#o = o;
    this.#keys = o.keys.map(configuredKey);
    this.#set = o.jwks === '' ? undefined : new KeySet(o.jwks, deps);
    // A set that cannot be read is logged at the start, not with the first token.
    void this.#set?.current();
  }

  /** A token in the URL of an app would have to allow `connect`, too, which nobody expects of it. */
  asks(action: AdmissionAction): boolean {
    return action !== 'connect';
  }

  answer(request: AdmissionRequest): ResponderAnswer | Promise<ResponderAnswer> {
    const token = this.#tokenOf(request);
    return token === undefined ? next('there is no token') : this.#decide(request, token);
  }

  close(): void {
    this.#set?.close();
  }

  #tokenOf({ query, isNameKey, name }: AdmissionRequest): string | undefined {
    const given = query.get(this.#o.parameter);
    if (given !== undefined && given !== '') return given;
    return isNameKey && COMPACT.test(name) ? name : undefined;
  }

  async #decide(request: AdmissionRequest, token: string): Promise<ResponderAnswer> {
    const isRenewal = request.question.reason === 'renew';
    const { audience, issuer, onExpiry } = this.#o;
    const ignoresExpiry = isRenewal && onExpiry === 'ignore';
    const check = await this.#check(token, { audience, issuer, nowMs: request.nowMs, ignoresExpiry });
    if (check === undefined) {
      return { decision: 'unavailable', kind: 'no_keys', why: 'the key set could not be read yet' };
    }
    if (check.kind === 'expired' && isRenewal) {
      return { decision: 'deny', error: 'ERR_AUTH_EXPIRED', why: `the token cannot be used: ${check.why}` };
    }
    if (check.kind !== 'good') return wrongCredentials(`the token cannot be used: ${check.why}`);
    const claims = readClaims(check.claims);
    if (typeof claims === 'string') return wrongCredentials(`the token cannot be used: ${claims}`);
    const reply = replyOfClaims(claims, request, onExpiry === 'end');
    return reply.decision === 'allow' ? { ...reply, credential: token } : reply;
  }

  /** @returns undefined when the keys that it needs were never read */
  async #check(token: string, demands: Parameters<typeof checkToken>[2]): Promise<TokenCheck | undefined> {
    const check = await checkToken(token, this.#keys, demands);
    if (check.kind !== 'unknown_key' || this.#set === undefined) return check;
    const known = await this.#set.current();
    if (known === undefined) return undefined;
    const second = await checkToken(token, known, demands);
    if (second.kind !== 'unknown_key') return second;
    return checkToken(token, (await this.#set.newer()) ?? [], demands);
  }
}
