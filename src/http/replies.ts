import type { ErrorCode } from '../core/errors.js';
import { PROBLEM_TYPE, problemOf } from '../core/problem.js';
import type { FastifyReply } from './fastify.js';

/** Headers of every answer but that of `/v1/events`. */
export const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

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
