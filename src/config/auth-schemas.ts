import { z } from '../core/zod.js';
import { CONFLICTS, type Labels, type StreamLimits } from '../model/grant.js';
import type { AdobeUser, JwtKey, OnUnavailable, ReplyFields, Rule, RuleKey, SignedKey } from './auth-types.js';

export type * from './auth-types.js';

/** The actions that are asked about. */
export const ACTIONS = ['connect', 'publish', 'play'] as const;

const HOUR = 3_600_000;

const bound = z.int().min(1).max(1_000_000_000);

/** The shape of {@link StreamLimits}: in settings, replies and control. */
export const limitsSchema: z.ZodType<StreamLimits> = z.strictObject({
  kbps: bound.optional(),
  fps: z.number().min(1).max(1000).optional(),
  width: bound.optional(),
  height: bound.optional(),
  codecs: z
    .array(z.string().regex(/^[A-Za-z0-9._-]{1,32}$/))
    .max(32)
    .optional(),
  maxGopMs: bound.optional(),
  tracks: bound.optional(),
  durationMs: bound.optional(),
  maxPlayers: z.int().min(0).max(1_000_000).optional(),
  sessions: z.int().min(0).max(1_000_000).optional(),
  action: z.enum(['end', 'warn']).optional(),
}) as z.ZodType<StreamLimits>;

const bytesOf =
  (most: number) =>
  (value: string): boolean =>
    Buffer.byteLength(value) <= most;
const noControls = (value: string): boolean => !/\p{Cc}/u.test(value);

/** A text for people: at most 256 bytes without control characters. */
const line = z
  .string()
  .refine(bytesOf(256), 'at most 256 bytes were expected')
  .refine(noControls, 'no control characters were expected');

/** The shape of labels. */
export const labelsSchema: z.ZodType<Labels> = z
  .record(z.string().regex(/^[a-z0-9._-]{1,64}$/, 'a key of a-z, 0-9 and . _ - was expected'), line)
  .refine((labels) => Object.keys(labels).length <= 16, 'at most 16 labels were expected');

/** The members of a reply that say what is granted, and what the client is told. */
export const REPLY_FIELDS = {
  code: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'capital letters, digits and _ were expected')
    .optional(),
  message: line.optional(),
  name: z.string().min(1).max(512).optional(),
  principal: line.min(1).optional(),
  labels: labelsSchema.optional(),
  conflict: z.enum(CONFLICTS).optional(),
  resumeWindowMs: z.int().min(0).max(HOUR).optional(),
  lingerMs: z.int().min(0).max(HOUR).optional(),
  ttlMs: z.int().min(1000).max(2_592_000_000).optional(),
  cacheMs: z.int().min(0).max(600_000).optional(),
  limits: limitsSchema.optional(),
  redirectUrl: z.string().max(1024).optional(),
};

const fieldsSchema = z.strictObject(REPLY_FIELDS);
/** The shape of {@link ReplyFields}; unknown members are an error. */
export const replyFieldsSchema = fieldsSchema as z.ZodType<ReplyFields>;

function listOrOne<T>(item: z.ZodType<T>): z.ZodType<readonly T[]> {
  return z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(item).min(1).max(100),
  ) as z.ZodType<readonly T[]>;
}

const ruleKey: z.ZodType<RuleKey> = z.preprocess(
  (value) => (value === 'none' ? { none: true } : value),
  z.union([
    z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/i, '64 hex digits were expected') }),
    z.strictObject({
      scrypt: z
        .string()
        .regex(/^scrypt:[A-Za-z0-9_-]{16,64}:[A-Za-z0-9_-]{43}$/, 'what `sluice key hash` prints was expected'),
    }),
    z.strictObject({ none: z.literal(true) }),
  ]),
) as z.ZodType<RuleKey>;

const rule = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9._:@-]{1,64}$/)
    .optional(),
  match: z
    .strictObject({
      action: listOrOne(z.enum(ACTIONS)).optional(),
      app: z.string().max(512).optional(),
      name: z.string().max(512).optional(),
      cidr: listOrOne(z.string().max(64)).optional(),
      transport: listOrOne(z.string().max(16)).optional(),
    })
    .optional(),
  key: ruleKey.optional(),
  decision: z.enum(['allow', 'deny', 'redirect', 'next']),
  set: replyFieldsSchema.optional(),
});

/** The shape of `auth.rules`. */
export const rulesSchema = z.array(rule).max(10_000) as unknown as z.ZodType<readonly Rule[]>;

const signedKey = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  secret: z.string().min(16, 'at least 16 characters were expected').max(1024),
});
/** A list of {id, secret}, or a group of id: secret. */
export const signedKeysSchema = z.preprocess(
  (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([id, secret]) => ({ id, secret: secret as unknown }))
      : value,
  z.array(signedKey).max(100),
) as z.ZodType<readonly SignedKey[]>;

/** The shape of `auth.jwt.keys`. */
export const jwtKeysSchema = z
  .array(
    z
      .strictObject({
        kid: z.string().max(256).optional(),
        alg: z.enum(['HS256', 'RS256', 'EdDSA']),
        secret: z.string().min(32, 'at least 32 characters were expected').max(4096).optional(),
        publicKey: z.string().max(16_384).optional(),
      })
      .refine(
        ({ alg, secret, publicKey }) =>
          alg === 'HS256'
            ? secret !== undefined && publicKey === undefined
            : publicKey !== undefined && secret === undefined,
        {
          error: 'HS256 takes a secret; RS256 and EdDSA take a publicKey',
        },
      ),
  )
  .max(100) as unknown as z.ZodType<readonly JwtKey[]>;

/** The shape of `auth.adobe.users`. */
export const adobeUsersSchema = z
  .array(
    z.strictObject({ user: z.string().min(1).max(128), salt: z.string().min(1).max(64), verifier: z.string().max(64) }),
  )
  .max(10_000) as z.ZodType<readonly AdobeUser[]>;

const word = z.enum(['deny', 'allow']).default('deny');
/** One word for all actions, or one for each. */
export const onUnavailableSchema = z.preprocess(
  (value) => (typeof value === 'string' ? Object.fromEntries(ACTIONS.map((action) => [action, value])) : value),
  z.strictObject({ connect: word, publish: word, play: word }),
) as z.ZodType<OnUnavailable>;
