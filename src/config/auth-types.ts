import type { Conflict, Labels, StreamLimits } from '../model/grant.js';

type Action = 'connect' | 'publish' | 'play';

/** Members of a reply, which rules and tokens set, too: what is granted, and what a client is told. */
export interface ReplyFields {
  /** The responder's own code of a denial. */
  readonly code?: string;
  readonly message?: string;
  readonly name?: string;
  readonly principal?: string;
  readonly labels?: Labels;
  readonly conflict?: Conflict;
  readonly resumeWindowMs?: number;
  readonly lingerMs?: number;
  readonly ttlMs?: number;
  readonly cacheMs?: number;
  readonly limits?: StreamLimits;
  readonly redirectUrl?: string;
}

/** How the key of a rule is written down. */
export type RuleKey = { readonly sha256: string } | { readonly scrypt: string } | { readonly none: true };

/** One rule of `auth.rules`. The first that matches decides. */
export interface Rule {
  /** Default: `rule:<place in the list>`. */
  readonly name?: string;
  readonly match?: {
    readonly action?: readonly Action[];
    /** Glob: `*` is any text without `/`, `**` any text. */
    readonly app?: string;
    readonly name?: string;
    readonly cidr?: readonly string[];
    readonly transport?: readonly string[];
  };
  readonly key?: RuleKey;
  readonly decision: 'allow' | 'deny' | 'redirect' | 'next';
  readonly set?: ReplyFields;
}

/** A key of `auth.signed.keys`. */
export interface SignedKey {
  readonly id: string;
  readonly secret: string;
}

/** A key of `auth.jwt.keys`: each is bound to one algorithm. */
export interface JwtKey {
  readonly kid?: string;
  readonly alg: 'HS256' | 'RS256' | 'EdDSA';
  /** HS256: the shared secret. */
  readonly secret?: string;
  /** RS256, EdDSA: the public key in PEM, or the path of a file with it. */
  readonly publicKey?: string;
}

/** A user of `auth.adobe.users`. */
export interface AdobeUser {
  readonly user: string;
  readonly salt: string;
  /** Base64 of MD5(user + salt + password). */
  readonly verifier: string;
}

/** What happens to each action while nobody can be asked. */
export type OnUnavailable = Readonly<Record<Action, 'deny' | 'allow'>>;

/** `publish.conflict` as a word; `auto` follows the principal. */
export type ConflictSetting = Conflict | 'auto';
