import { PROBLEM_TYPE } from '../core/problem.js';
import { VERSION } from '../core/version.js';
import { z } from '../core/zod.js';
import type { ApiRoute } from '../model/api-route.js';
import { isGathered } from './cluster-lists.js';
import type { HttpRoute, Operation } from './operation.js';
import { OPERATIONS, type Verb } from './operations.js';
import { OTHER_PATHS, PROBLEM_SCHEMA } from './other-paths.js';
import { PAGE_PATHS } from './page-paths.js';
import { answer, cursor } from './schemas.js';
import { inputSchema } from './validate.js';

type Json = Readonly<Record<string, unknown>>;

interface MemberSchemas {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
}

/** What a list of all nodes answers. */
const OF_CLUSTER = answer({
  items: z.array(z.looseObject({ nodeId: z.string() })).describe('The items of all nodes.'),
  partial: z.boolean().describe('Whether a node has not answered, or has refused.'),
  missing: z.array(z.string()).describe('Nodes that have not answered.'),
  cursor: cursor.optional(),
});

/** The description of HTTP, made from the table of operations (OpenAPI 3.1). */
export function openApi(): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const verb of Object.keys(OPERATIONS) as Verb[]) {
    OPERATIONS[verb].http.forEach((route: HttpRoute, index) => {
      const path = route.path.replace(/:(\w+)/g, '{$1}');
      paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(verb, route, index) };
    });
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version: VERSION,
      summary: 'Health, events and control of an RTMP server.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { session: [] }],
    paths: { ...paths, ...OTHER_PATHS, ...PAGE_PATHS },
    components: {
      schemas: { Problem: PROBLEM_SCHEMA },
      responses: {
        Problem: {
          description: 'A refusal (RFC 9457).',
          content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'One of http.tokens, or http.token.' },
        session: { type: 'apiKey', in: 'cookie', name: 'sluice_session', description: 'Begun by POST /v1/session.' },
      },
    },
  };
}

/** The route that serves {@link openApi}. It is made at the first request. */
export function openApiRoute(): ApiRoute {
  let body: Json | undefined;
  return {
    method: 'GET',
    path: '/openapi.json',
    scope: 'read',
    handle: async () => {
      body ??= openApi();
      return { status: 200, body };
    },
  };
}

function describeRoute(verb: Verb, route: HttpRoute, index: number): Json {
  const operation: Operation = OPERATIONS[verb];
  const { properties = {}, required = [] } = schemaOf(inputSchema(verb), 'input') as MemberSchemas;
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name as string);
  const members = Object.keys(properties).filter(
    (name) => !inPath.includes(name) && !(name in operation.params) && name !== route.ifMatchMember,
  );
  const isRead = route.method === 'GET' || route.method === 'DELETE';
  const inQuery = isRead
    ? members
    : members.filter((name) => route.bodyMember !== undefined && name !== route.bodyMember);
  const parameter = (name: string, where: string, isRequired: boolean): Json => ({
    ...{ name, in: where, required: isRequired, schema: properties[name] },
    ...(operation.example[name] === undefined ? {} : { example: operation.example[name] }),
  });
  const parameters = [
    ...inPath.map((name) => parameter(name, 'path', true)),
    ...inQuery.map((name) => parameter(name, 'query', required.includes(name))),
    ...headersOf(verb, route),
  ];
  return {
    operationId: index === 0 ? verb : `${verb}.${index + 1}`,
    summary: operation.says,
    tags: [verb.includes('.') ? verb.split('.')[0] : (operation.levels[0] ?? 'node')],
    'x-scope': operation.scope,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(isRead ? {} : { requestBody: bodyOf(operation, route, members, properties, required) }),
    responses: {
      '200': {
        description: 'What was asked for.',
        content: { 'application/json': { schema: answerOf(verb) } },
      },
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

/** The answer of a node; where all nodes can be asked, theirs as well. */
function answerOf(verb: Verb): Json {
  const ofNode = schemaOf(OPERATIONS[verb].answer, 'output');
  if (!isGathered(verb)) return ofNode;
  return { anyOf: [ofNode, schemaOf(OF_CLUSTER, 'output')] };
}

function headersOf(verb: Verb, { ifMatchMember }: HttpRoute): Json[] {
  const header = (name: string, description: string): Json => ({
    ...{ name, in: 'header', required: false, description, schema: { type: 'string' } },
  });
  const scope = {
    ...{ name: 'scope', in: 'query', required: false },
    description: 'cluster: of all nodes, as `items`, `partial` and `missing`.',
    schema: { enum: ['node', 'cluster'], default: 'node' },
  };
  return [
    header('Sluice-Deadline', 'A Unix time in ms; past it nothing is done.'),
    ...(OPERATIONS[verb].mutates
      ? [header('Idempotency-Key', 'The same request with the same key acts once, for 10 minutes.')]
      : []),
    ...(ifMatchMember === undefined ? [] : [header('If-Match', 'The ETag that the change is based on.')]),
    ...(isGathered(verb) ? [scope] : []),
  ];
}

function bodyOf(
  { example }: Operation,
  { bodyMember }: HttpRoute,
  members: readonly string[],
  properties: Readonly<Record<string, Json>>,
  required: readonly string[],
): Json {
  if (bodyMember !== undefined) {
    const media = { schema: properties[bodyMember], example: example[bodyMember] };
    return { required: true, content: { 'application/merge-patch+json': media, 'application/json': media } };
  }
  const pick = (from: Json): Json =>
    Object.fromEntries(members.filter((name) => name in from).map((name) => [name, from[name]]));
  const wanted = required.filter((name) => members.includes(name));
  const schema = {
    type: 'object',
    properties: pick(properties),
    ...(wanted.length === 0 ? {} : { required: wanted }),
    additionalProperties: false,
  };
  return { required: wanted.length > 0, content: { 'application/json': { schema, example: pick(example) } } };
}

/** A JSON Schema to stand in a document: which draft it is says the document. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _draft, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
