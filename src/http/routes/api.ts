import { PROBLEM_TYPE } from '../../core/problem.js';
import type { ApiRoute } from '../../model/api-route.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from '../fastify.js';
import { fail } from '../replies.js';

/** Types that a body may have. No form of a page can send them without asking this server first. */
const BODY_TYPES = ['application/json', 'application/merge-patch+json'];

/** Serves routes that other parts have made. */
export function addApiRoutes(app: FastifyInstance, routes: readonly ApiRoute[]): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser(BODY_TYPES, { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, String(body), done);
  });
  for (const { method, path, scope, handle } of routes) {
    app.route({
      method,
      url: path,
      config: { access: scope, isApi: true },
      onRequest: async (request, reply) => needsJson(request, reply),
      handler: async (request, reply) => {
        const { params, query, headers, body, actor = 'anonymous' } = request;
        const answer = await handle({
          params: params as Record<string, string>,
          query: firstOfEach(query as Record<string, string | string[]>),
          headers: firstOfEach(headers),
          body,
          actor,
        });
        if (answer.status >= 400) reply.header('content-type', PROBLEM_TYPE);
        return reply
          .code(answer.status)
          .headers(answer.headers ?? {})
          .send(answer.body);
      },
    });
  }
}

/** Refuses a body of another type, and one that is missing together with its type. */
function needsJson(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  if (request.method !== 'POST' && request.method !== 'PATCH') return undefined;
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  if (BODY_TYPES.includes(type)) return undefined;
  return failApi(reply, 415, `the content type ${BODY_TYPES[0]} was expected`, BODY_TYPES.join(' or '));
}

/** Answers that a request to an API route cannot be read. @param got in words, without anything of the request */
export function failApi(reply: FastifyReply, status: number, detail: string, expected: string): FastifyReply {
  const errors = [{ pointer: '', expected, got: 'something else' }];
  return fail(reply, 'ERR_CTL_BAD_REQUEST', detail, { status, errors });
}

/** Of what was sent several times the first. */
function firstOfEach(values: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const first: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const text = Array.isArray(value) ? value[0] : value;
    if (text !== undefined) first[name] = text;
  }
  return first;
}
