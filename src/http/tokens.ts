import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpToken } from '../config/http-token-settings.js';
import { SCOPES, type Scope } from '../model/api-route.js';

/** Longest token that is looked at, in characters. */
const MOST_CHARACTERS = 4096;

/** Who sent a token. */
export interface Identity {
  readonly name: string;
  /** SHA-256 of the token in hex: what a session remembers. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
}

interface Known extends Identity {
  readonly digest: Buffer;
}

/** The bearer tokens that are accepted. They are kept as hashes, and compared in constant time. */
export class HttpTokens {
  #known: readonly Known[] = [];

  /**
   * @param tokens `http.tokens`
   * @param token `http.token`: one more, with every scope; `''`: none
   */
  constructor(tokens: readonly HttpToken[], token: string) {
    this.replace(tokens, token);
  }

  /**
   * Takes other tokens from now on. Sessions of those that are gone are over.
   *
   * @returns whether somebody may do less than before
   */
  replace(tokens: readonly HttpToken[], token: string): boolean {
    const known = tokens.map(({ name, sha256, scopes }) => ({ name, sha256, scopes }));
    if (token !== '') known.push({ name: 'http.token', sha256: sha256Of(token).toString('hex'), scopes: ['admin'] });
    const before = this.#known;
    this.#known = known.map((each) => ({ ...each, digest: Buffer.from(each.sha256, 'hex') }));
    if (before.length === 0) return this.areNeeded;
    return this.areNeeded && before.some(({ digest, scopes }) => !this.#allowsAll(digest, scopes));
  }

  #allowsAll(digest: Buffer, wanted: readonly Scope[]): boolean {
    const now = this.findDigest(digest);
    return now !== undefined && wanted.every((scope) => allows(now.scopes, scope));
  }

  /** Whether there is any: then requests need one. */
  get areNeeded(): boolean {
    return this.#known.length > 0;
  }

  /** Whose token it is. It is compared with each, so that the time tells nothing about which one it resembles. */
  find(token: string): Identity | undefined {
    return token === '' || token.length > MOST_CHARACTERS ? undefined : this.findDigest(sha256Of(token));
  }

  /** As {@link find}, for the hash of a token. */
  findDigest(digest: Buffer): Identity | undefined {
    let found: Known | undefined;
    for (const each of this.#known) {
      if (timingSafeEqual(each.digest, digest)) found ??= each;
    }
    return found;
  }
}

/** Whether scopes allow what needs `wanted`: each scope includes those before it. */
export function allows(scopes: readonly Scope[], wanted: Scope): boolean {
  return scopes.some((scope) => SCOPES.indexOf(scope) >= SCOPES.indexOf(wanted));
}

/** Tells a token that is not known apart from others. It is kept nowhere but in memory, for a minute. */
export function fingerprintOf(token: string): string {
  return sha256Of(token).toString('base64').slice(0, 12);
}

function sha256Of(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
