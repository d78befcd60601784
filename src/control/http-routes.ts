import { problemOf } from '../core/problem.js';
import { z } from '../core/zod.js';
import type { ApiAnswer, ApiRequest, ApiRoute } from '../model/api-route.js';
import { isGathered } from './cluster-lists.js';
import { type Dispatcher, isRequestId, type Outcome } from './dispatcher.js';
import type { HttpRoute, Operation } from './operation.js';
import { OPERATIONS, type Verb } from './operations.js';
import type { RequestContext } from './ports.js';
import { inputSchema } from './validate.js';

// The skin over the table of operations that HTTP has: it makes the input out of path, query, headers and body.

/** The value of the header `Sluice-Deadline`. */
const DEADLINE = /^\d{1,15}$/;

/** The routes of all operations. */
export function operationRoutes(dispatcher: Dispatcher): ApiRoute[] {
  return (Object.keys(OPERATIONS) as Verb[]).flatMap((verb) => {
    const operation: Operation = OPERATIONS[verb];
    return operation.http.map((route) => ({
      method: route.method,
      path: route.path,
      scope: operation.scope,
      handle: (request: ApiRequest) => answer(verb, route, request, dispatcher),
    }));
  });
}

async function answer(verb: Verb, route: HttpRoute, request: ApiRequest, dispatcher: Dispatcher): Promise<ApiAnswer> {
  const { scope, ...query } = request.query;
  const deadline = request.headers['sluice-deadline'];
  if (deadline !== undefined && !DEADLINE.test(deadline)) return shown(noDeadline(request), route);
  const context = contextOf(request);
  if (scope === 'cluster' && isGathered(verb)) {
    return shown(await dispatcher.gather(verb, inputOf(verb, route, { ...request, query }), context), route);
  }
  const kept = scope === undefined || (scope === 'node' && isGathered(verb)) ? query : request.query;
  return shown(await dispatcher.run(verb, inputOf(verb, route, { ...request, query: kept }), context), route);
}

/** The refusal of a deadline that is none: a caller who relies on it must not be served after it. */
function noDeadline({ headers }: ApiRequest): Outcome {
  const expected = 'a Unix time in ms';
  const errors = [{ pointer: '/deadline', expected, got: 'another text' }];
  const instance = headers['idempotency-key'];
  const members = { errors, ...(instance === undefined || !isRequestId(instance) ? {} : { instance }) };
  const detail = `/deadline: ${expected} was expected, not another text`;
  return { ok: false, problem: problemOf('ERR_CTL_BAD_REQUEST', detail, members) };
}

function contextOf({ headers, actor }: ApiRequest): RequestContext {
  const requestId = headers['idempotency-key'];
  const deadline = headers['sluice-deadline'];
  return {
    actor,
    ...(requestId === undefined ? {} : { requestId }),
    ...(deadline === undefined ? {} : { deadlineMs: Number(deadline) }),
  };
}

/** The input of an operation. Members of the path win, so that a body cannot name another stream. */
function inputOf(verb: Verb, route: HttpRoute, { params, query, body, headers }: ApiRequest): unknown {
  const isRead = route.method === 'GET' || route.method === 'DELETE';
  const fromQuery = typedQuery(verb, query);
  const ifMatch = headers['if-match'];
  const more = {
    ...(route.ifMatchMember === undefined || ifMatch === undefined || ifMatch === '*'
      ? {}
      : { [route.ifMatchMember]: unquoted(ifMatch) }),
    ...params,
  };
  if (isRead) return { ...fromQuery, ...more };
  if (route.bodyMember !== undefined) return { ...fromQuery, [route.bodyMember]: body, ...more };
  // Something that is no object is left as it is, so that the answer says what it was.
  if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body))) return body;
  return { ...fromQuery, ...body, ...more };
}

/** An entity tag without its quotes. */
function unquoted(tag: string): string {
  return tag.replace(/^(?:W\/)?"(.*)"$/, '$1');
}

const typesOf = new Map<Verb, Readonly<Record<string, string | undefined>>>();

/** The members of a query as numbers and yes or no, where the schema wants these. */
function typedQuery(verb: Verb, query: Readonly<Record<string, string>>): Record<string, unknown> {
  let types = typesOf.get(verb);
  if (types === undefined) {
    const schema = z.toJSONSchema(inputSchema(verb), { io: 'input' });
    const members = Object.entries(schema.properties ?? {}) as [string, { readonly type?: string }][];
    types = Object.fromEntries(members.map(([member, { type }]) => [member, type]));
    typesOf.set(verb, types);
  }
  const typed: Record<string, unknown> = {};
  for (const [member, text] of Object.entries(query)) typed[member] = typedValue(text, types[member]);
  return typed;
}

function typedValue(text: string, type: string | undefined): unknown {
  if ((type === 'integer' || type === 'number') && /^-?\d{1,15}(?:\.\d{1,6})?$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function shown(outcome: Outcome, route: HttpRoute): ApiAnswer {
  if (outcome.ok) {
    const tag = route.etagMember === undefined ? undefined : outcome.answer[route.etagMember];
    return {
      status: 200,
      body: outcome.answer,
      ...(tag === undefined ? {} : { headers: { etag: `"${String(tag)}"` } }),
    };
  }
  const { problem } = outcome;
  const { retryAfterS } = problem as { readonly retryAfterS?: number };
  const headers = retryAfterS === undefined ? {} : { headers: { 'retry-after': String(retryAfterS) } };
  return { status: problem.status, body: problem, ...headers };
}
