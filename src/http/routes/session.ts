import type { FastifyInstance, FastifyRequest } from '../fastify.js';
import { fail } from '../replies.js';
import { SESSION_MS, type Sessions, sessionCookie, sessionIn } from '../sessions.js';
import type { HttpTokens } from '../tokens.js';

const OPEN = { config: { access: 'open' } } as const;

/** Signs a page in with a bearer token, so that the browser keeps a cookie that no script can read. */
export function addSession(app: FastifyInstance, tokens: HttpTokens, sessions: Sessions): void {
  app.get('/v1/session', async ({ identity }) => ({ ok: true, name: identity?.name, scopes: identity?.scopes }));
  app.post('/v1/session', async (request, reply) => {
    if (!tokens.areNeeded) return { ok: true, name: 'anonymous', scopes: ['admin'] };
    const { identity, headers } = request;
    // A session is begun with a token, and not with another session.
    if (identity === undefined || headers.authorization === undefined)
      return fail(reply.header('www-authenticate', 'Bearer'), 'ERR_CTL_UNAUTHENTICATED');
    const { name, scopes, sha256 } = identity;
    reply.header('set-cookie', sessionCookie(sessions.begin(sha256), isOverTls(request)));
    return { ok: true, name, scopes, maxAgeMs: SESSION_MS };
  });
  app.delete('/v1/session', OPEN, async (request, reply) => {
    sessions.end(sessionIn(request.headers.cookie) ?? '');
    reply.header('set-cookie', sessionCookie('', isOverTls(request)));
    return { ok: true };
  });
}

/** Whether the page came over TLS, from a proxy: its origin says so. */
function isOverTls({ headers }: FastifyRequest): boolean {
  return headers.origin?.startsWith('https:') ?? false;
}
