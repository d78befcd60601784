import type { ErrorCode } from '../core/errors.js';
import { PROBLEM_TYPE, problemOf } from '../core/problem.js';
import type { FastifyReply } from './fastify.js';

/**
 * Headers of every answer; the page has others in place of some. Nothing is kept, taken for something else, shown in a
 * frame or loaded into a page of another site, also where a browser does not say which site it asks for.
 */
export const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

/**
 * Answers with a problem.
 *
 * @param detail what happened this time; free of secrets
 * @param members further members, such as another status
 */
export function fail(
  reply: FastifyReply,
  code: ErrorCode,
  detail = '',
  members: Readonly<Record<string, unknown>> & { readonly status?: number } = {},
): FastifyReply {
  const problem = problemOf(code, detail, members);
  return reply.code(problem.status).header('content-type', PROBLEM_TYPE).send(problem);
}
