import { z } from '../core/zod.js';
import { count, structure, text } from './setting.js';

/** A bearer token of the HTTP interface: its name is what the audit shows. */
export interface HttpToken {
  readonly name: string;
  /** SHA-256 of the token, in hex. */
  readonly sha256: string;
  readonly scopes: readonly ('read' | 'control' | 'admin')[];
}

const token: z.ZodType<HttpToken> = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9._@-]{1,64}$/, 'a name of letters, digits and . _ @ - was expected'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/i, '64 hex digits were expected, as `sluice key new` prints'),
  scopes: z.array(z.enum(['read', 'control', 'admin'])).min(1),
});

/** `http.tokens`. */
export const TOKENS_SETTING = structure<readonly HttpToken[]>(
  z.array(token).max(1000),
  'a list of {name, sha256, scopes}',
  [],
  'Bearer tokens of the HTTP interface, each with the SHA-256 of its secret (`sluice key new` makes one) and its scopes: `read`, `control`, `admin`. Required where http.listen is no loopback address.',
  { secret: true, reload: 'live' },
);

/** `http.token`. */
export const TOKEN_SETTING = text(
  4096,
  '',
  'One bearer token with every scope, as it is sent: for containers. It is a token besides those of http.tokens.',
  { secret: true, env: 'SLUICE_HTTP_TOKEN', reload: 'live' },
);

/** `http.failuresPerMinutePerIp`. */
export const TOKEN_FAILURES_SETTING = count(
  0,
  10_000,
  10,
  'How many different wrong tokens one address, or one /64 of IPv6, may send within a minute; 0: no limit. After that, tokens that were not accepted from it before are refused for a minute (429), right or wrong. Loopback is exempt without limits.limitLoopback.',
  { reload: 'live' },
);
