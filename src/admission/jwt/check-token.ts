import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { VerificationKey } from './verification-key.js';

/** What a token has to hold besides a good signature. */
export interface TokenDemands {
  /** What `aud` must name. */
  readonly audience: string;
  /** What `iss` must be; empty: anything. */
  readonly issuer: string;
  /** Wall clock, ms since the epoch. */
  readonly nowMs: number;
  /** Whether a token whose `exp` is over is good all the same. */
  readonly ignoresExpiry: boolean;
}

/** What came of checking a token. */
export type TokenCheck =
  | { readonly kind: 'good'; readonly claims: JWTPayload }
  /** None of the keys is known to be the one that it names: another one may be. */
  | { readonly kind: 'unknown_key'; readonly why: string }
  | { readonly kind: 'bad' | 'expired'; readonly why: string };

/** How far the clock of whoever made the token may be ahead, for `nbf`. `exp` is taken as it stands. */
const TOLERANCE_S = 30;

/**
 * Checks signature, `aud`, `iss`, `nbf` and `exp` of a JSON Web Token (RFC 7519). The algorithm that the token names
 * only selects among keys, each of which takes its own algorithm and no other: `none` selects no key at all, and HS256
 * never one that is public. Never rejects.
 */
export async function checkToken(
  token: string,
  keys: readonly VerificationKey[],
  demands: TokenDemands,
): Promise<TokenCheck> {
  let header: { readonly alg?: string; readonly kid?: string };
  try {
    header = decodeProtectedHeader(token);
  } catch {
    return { kind: 'bad', why: 'it is no JSON Web Token' };
  }
  const { alg, kid } = header;
  const candidates = keys.filter(
    (key) => key.alg === alg && (kid === undefined || key.kid === undefined || key.kid === kid),
  );
  if (candidates.length === 0) return { kind: 'unknown_key', why: 'there is no key for its alg and kid' };
  for (const candidate of candidates) {
    const check = await checkWith(token, candidate, demands);
    if (check !== undefined) return check;
  }
  const isNamed = kid !== undefined && candidates.some((candidate) => candidate.kid === kid);
  return { kind: isNamed ? 'bad' : 'unknown_key', why: 'its signature is wrong' };
}

/** @returns undefined when another key may have made the signature */
async function checkWith(
  token: string,
  { key, alg }: VerificationKey,
  { audience, issuer, nowMs, ignoresExpiry }: TokenDemands,
): Promise<TokenCheck | undefined> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [alg],
      audience,
      ...(issuer === '' ? {} : { issuer }),
      clockTolerance: TOLERANCE_S,
      currentDate: new Date(nowMs),
    });
    const isOver = payload.exp !== undefined && payload.exp * 1000 <= nowMs;
    return isOver && !ignoresExpiry ? EXPIRED : { kind: 'good', claims: payload };
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return undefined;
    // It is checked last, so everything else is as it has to be.
    if (error instanceof errors.JWTExpired && error.claim === 'exp') {
      return ignoresExpiry ? { kind: 'good', claims: error.payload } : EXPIRED;
    }
    const claim = error instanceof errors.JWTClaimValidationFailed ? error.claim : undefined;
    return {
      kind: 'bad',
      why: claim === undefined ? 'it is no JSON Web Token' : `its claim ${claim} is not as demanded`,
    };
  }
}

const EXPIRED: TokenCheck = { kind: 'expired', why: 'it has expired' };
