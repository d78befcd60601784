import { z } from '../core/zod.js';

// The paths of HTTP that are no operations, as OpenAPI describes them.

const open: readonly unknown[] = [];
const problem = { $ref: '#/components/responses/Problem' };

const health = { type: 'object', properties: { status: { const: 'ok' } }, required: ['status'] };
const readiness = {
  type: 'object',
  properties: {
    status: { enum: ['ready', 'not_ready'] },
    reasons: { type: 'array', items: { type: 'string' }, description: 'Why the node takes no work.' },
    degraded: { type: 'array', items: { type: 'string' }, description: 'What does not work although streams do.' },
  },
  required: ['status'],
};
const session = {
  type: 'object',
  properties: {
    ok: { const: true },
    name: { type: 'string' },
    scopes: { type: 'array', items: { enum: ['read', 'control', 'admin'] } },
    maxAgeMs: { type: 'integer' },
  },
  required: ['ok'],
};

const json = (description: string, schema: unknown) => ({ description, content: { 'application/json': { schema } } });
const text = (description: string, type: string) => ({
  description,
  content: { [type]: { schema: { type: 'string' } } },
});

/** Path items. */
export const OTHER_PATHS = {
  '/healthz': {
    get: {
      ...{ operationId: 'healthz', summary: 'Whether the process runs. Never depends on NATS.', tags: ['node'] },
      security: open,
      responses: { '200': json('It runs.', health) },
    },
  },
  '/readyz': {
    get: {
      ...{ operationId: 'readyz', summary: 'Whether the node takes work. Without a token: the status only.' },
      tags: ['node'],
      security: open,
      responses: { '200': json('It does.', readiness), '503': json('It does not.', readiness) },
    },
  },
  '/metrics': {
    get: {
      ...{ operationId: 'metrics', summary: 'Metrics for Prometheus.', tags: ['node'], 'x-scope': 'read' },
      responses: { '200': text('The values of this moment.', 'text/plain'), default: problem },
    },
  },
  '/v1/events': {
    get: {
      ...{ operationId: 'events', summary: 'Events as they happen, as server-sent events.', tags: ['events'] },
      'x-scope': 'read',
      parameters: [
        {
          ...{ name: 'since', in: 'query', required: false, schema: { type: 'string' } },
          description: 'Where to begin: a duration such as 1h, a time, or all.',
        },
        {
          ...{ name: 'streamId', in: 'query', required: false, schema: { type: 'string' } },
          description: 'Only events of this stream.',
        },
        {
          ...{ name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' } },
          description: 'The event to go on after.',
        },
      ],
      responses: { '200': text('Events until the client goes.', 'text/event-stream'), default: problem },
    },
  },
  '/v1/session': {
    post: {
      ...{ operationId: 'session.begin', summary: 'Signs a page in: the token becomes a cookie.', tags: ['session'] },
      security: [{ bearer: [] }],
      responses: { '200': json('Signed in.', session), default: problem },
    },
    delete: {
      ...{ operationId: 'session.end', summary: 'Signs the page out.', tags: ['session'], security: open },
      responses: { '200': json('Signed out.', session), default: problem },
    },
  },
} as const;

const inputError = z.looseObject({ pointer: z.string(), expected: z.string(), got: z.string() });

/** The schema of a problem. */
export const PROBLEM_SCHEMA = (() => {
  const { $schema: _draft, ...schema } = z.toJSONSchema(
    z.looseObject({
      type: z.string().regex(/^urn:sluice:error:[A-Z0-9_]+$/),
      title: z.string(),
      status: z.int(),
      detail: z.string(),
      instance: z.string().optional().describe('Id of the request.'),
      code: z.string(),
      message: z.string(),
      hint: z.string().describe('What to do about it.'),
      errors: z.array(inputError).optional().describe('Everything that is wrong with the request.'),
    }),
  );
  return schema;
})();
