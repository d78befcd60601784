import type { Scope } from '../model/api-route.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from './fastify.js';
import { type HostGuard, isCrossOrigin } from './host-guard.js';
import { fail, HEADERS } from './replies.js';
import { type Sessions, sessionIn } from './sessions.js';
import type { TokenGuesses } from './token-guesses.js';
import { allows, fingerprintOf, type HttpTokens, type Identity } from './tokens.js';

/** Who may ask for what. */
interface AccessParts {
  readonly guard: HostGuard;
  readonly tokens: HttpTokens;
  readonly sessions: Sessions;
  readonly guesses: TokenGuesses;
}

/** The identity of everybody while there are no tokens. */
const ANYBODY: Identity = { name: 'anonymous', sha256: '', scopes: ['admin'] };

/**
 * Looks at every request before anything is done for it: the host, the origin, the token and its scope. A route says
 * in its config what it needs; `read` where it says nothing, and for paths that are not there.
 */
export function addAccess(app: FastifyInstance, parts: AccessParts): void {
  const { guard, tokens } = parts;
  app.decorateRequest('actor', undefined);
  app.decorateRequest('identity', undefined);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    const { host, origin } = request.headers;
    if (!guard.allows(host)) return fail(reply, 'ERR_HTTP_HOST_REFUSED');
    if (isCrossOrigin(request.headers['sec-fetch-site']) && !isLinkToPage(request))
      return fail(reply, 'ERR_HTTP_CROSS_ORIGIN');
    const isChange = request.method !== 'GET' && request.method !== 'HEAD';
    if (isChange && origin !== undefined && !guard.allowsOrigin(origin, host)) {
      return fail(reply, 'ERR_HTTP_CROSS_ORIGIN');
    }
    const identity = tokens.areNeeded ? identify(request, parts, isChange && origin === undefined) : ANYBODY;
    const wanted = request.routeOptions.config.access ?? 'read';
    if (typeof identity === 'number') return wanted === 'open' ? undefined : hold(reply, identity);
    request.identity = identity;
    request.actor = identity?.name;
    return wanted === 'open' ? undefined : admit(reply, identity, wanted);
  });
}

/**
 * Whether somebody follows a link on another site to the page: the files of the page alone, which hold nothing of this
 * server, and as a page of their own, not in one of that site.
 */
function isLinkToPage({ method, headers, routeOptions }: FastifyRequest): boolean {
  if (method !== 'GET' || headers['sec-fetch-mode'] !== 'navigate') return false;
  if (headers['sec-fetch-dest'] !== 'document') return false;
  return routeOptions.config.isPage === true;
}

/** Refuses a token of an address that guesses. @param retryAfterS for how long */
function hold(reply: FastifyReply, retryAfterS: number): FastifyReply {
  return fail(reply.header('retry-after', String(retryAfterS)), 'ERR_HTTP_TOKEN_GUESSES', '', { retryAfterS });
}

function admit(reply: FastifyReply, identity: Identity | undefined, wanted: Scope): FastifyReply | undefined {
  if (identity === undefined) return fail(reply.header('www-authenticate', 'Bearer'), 'ERR_CTL_UNAUTHENTICATED');
  if (allows(identity.scopes, wanted)) return undefined;
  return fail(reply, 'ERR_CTL_FORBIDDEN', `scope ${wanted} is needed`, { scope: wanted });
}

/**
 * Finds out who asks. A browser sends the origin with everything but reading, so a session without one is no page of
 * ours.
 *
 * @returns for how many seconds no answer is given, where the address guesses tokens
 */
function identify(
  request: FastifyRequest,
  { tokens, sessions, guesses }: AccessParts,
  isChangeWithoutOrigin: boolean,
): Identity | number | undefined {
  const { headers } = request;
  if (headers.authorization !== undefined) return ofToken(bearerIn(headers.authorization), request.ip, tokens, guesses);
  const session = isChangeWithoutOrigin ? undefined : sessionIn(headers.cookie);
  const digest = session === undefined ? undefined : sessions.digestOf(session);
  return digest === undefined ? undefined : tokens.findDigest(digest);
}

/** Whose token it is. What an address that guesses sends is looked up all the same, so that the time tells nothing. */
function ofToken(
  token: string,
  address: string,
  tokens: HttpTokens,
  guesses: TokenGuesses,
): Identity | number | undefined {
  const identity = tokens.find(token);
  const heldS = guesses.heldFor(address, identity?.sha256);
  if (heldS > 0) return heldS;
  if (identity !== undefined) guesses.accepted(address, identity.sha256);
  else guesses.failed(address, token === '' ? undefined : fingerprintOf(token));
  return identity;
}

/** The token of an Authorization header; `''`: there is none. */
export function bearerIn(header: string | undefined): string {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? '';
}
