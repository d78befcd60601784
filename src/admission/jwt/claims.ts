import { ACTIONS, type ReplyFields, replyFieldsSchema } from '../../config/auth-schemas.js';
import { globMatcher } from '../../core/glob.js';
import { z } from '../../core/zod.js';
import type { AdmissionAction } from '../../live/admission.js';
import { checkReply } from '../reply.js';
import type { AdmissionRequest } from '../request.js';
import type { Reply, ResponderAnswer } from '../responder.js';

const glob = z.string().min(1).max(512);
const action = z.enum(ACTIONS);

const claimsSchema = z.object({
  sub: z.string().optional(),
  exp: z.number().optional(),
  sluice: z.strictObject({
    action: z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(action).min(1).max(8)),
    app: glob.optional(),
    name: glob.optional(),
    set: replyFieldsSchema.optional(),
  }),
});

/** The claims of a token that say what it allows. */
interface Claims {
  /** `sub`: the principal. */
  readonly subject: string | undefined;
  /** `exp` in ms since the epoch. */
  readonly expiresMs: number | undefined;
  readonly actions: readonly AdmissionAction[];
  /** Globs; undefined: every app, every name. */
  readonly app: string | undefined;
  readonly name: string | undefined;
  /** Members of a reply. */
  readonly set: ReplyFields;
}

/** Most `ttlMs` of a reply. */
const MOST_TTL_MS = 2_592_000_000;

/**
 * Reads the claims of a token whose signature was checked. A member of `sluice` that nobody knows is an error: a word
 * that is spelt wrong would allow more than was meant.
 *
 * @returns what is wrong, in words without values, when they cannot be used
 */
export function readClaims(payload: unknown): Claims | string {
  const result = claimsSchema.safeParse(payload);
  if (!result.success) {
    const path = result.error.issues[0]?.path.map(String).join('/') ?? '';
    return `its claim ${path} cannot be used`;
  }
  const { sub, exp, sluice } = result.data;
  return {
    subject: sub,
    expiresMs: exp === undefined ? undefined : exp * 1000,
    actions: sluice.action,
    app: sluice.app,
    name: sluice.name,
    set: sluice.set ?? {},
  };
}

/**
 * What a good token says about a request.
 *
 * @param endsAtExpiry whether what is allowed lasts as long as the token
 */
export function replyOfClaims(claims: Claims, request: AdmissionRequest, endsAtExpiry: boolean): ResponderAnswer {
  const { actions, app, set } = claims;
  if (!actions.includes(request.action)) return refusal(`the token does not allow to ${request.action}`);
  if (app !== undefined && !globMatcher(app)(request.app)) return refusal('the token is not for this app');
  // Players name a stream by its alias, unless they have no other place for their token either.
  const isSecret = request.isNameKey && (request.action === 'publish' || request.credential === request.name);
  const alias = set.name ?? (isSecret ? aliasOf(claims) : undefined);
  const name = isSecret ? alias : request.name;
  if (claims.name !== undefined && (name === undefined || !globMatcher(claims.name)(name))) {
    return refusal('the token is not for this name');
  }
  const ttlMs = endsAtExpiry ? ttlOf(claims, request.nowMs) : set.ttlMs;
  const cacheMs = cacheOf(claims, request.nowMs);
  const reply = checkReply({
    decision: 'allow',
    ...(claims.subject === undefined ? {} : { principal: claims.subject }),
    ...set,
    ...(alias === undefined ? {} : { name: alias }),
    ...(cacheMs === undefined ? {} : { cacheMs }),
  });
  // A token may have less time left than a reply may give: with a second more, it would outlive its `exp` by that.
  return reply.decision === 'allow' && ttlMs !== undefined ? { ...reply, ttlMs } : reply;
}

/** A token in place of the name has the alias in it: a name without wildcards is one. */
function aliasOf({ name }: Claims): string | undefined {
  return name !== undefined && !/[*?]/.test(name) ? name : undefined;
}

/** Nothing begins with a token that has expired, also where the answer about it is remembered. */
function cacheOf({ expiresMs, set: { cacheMs } }: Claims, nowMs: number): number | undefined {
  if (cacheMs === undefined || expiresMs === undefined) return cacheMs;
  return Math.max(0, Math.min(cacheMs, Math.floor(expiresMs - nowMs)));
}

function ttlOf({ expiresMs, set }: Claims, nowMs: number): number | undefined {
  if (expiresMs === undefined) return set.ttlMs;
  const leftMs = Math.min(expiresMs - nowMs, set.ttlMs ?? MOST_TTL_MS, MOST_TTL_MS);
  return Math.max(1, Math.ceil(leftMs));
}

function refusal(why: string): Reply {
  return { decision: 'deny', why };
}
