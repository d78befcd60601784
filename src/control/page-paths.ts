// The paths that the page asks besides operations, as OpenAPI describes them.

const problem = { $ref: '#/components/responses/Problem' };
const text = { type: 'string' };
const texts = { type: 'array', items: text };
const count = { type: 'integer', minimum: 0 };
const notModified = { description: 'The same as If-None-Match names.' };
const ifNoneMatch = {
  ...{ name: 'If-None-Match', in: 'header', required: false, schema: text },
  description: 'The ETag of an earlier answer.',
};

const overviewStream = {
  type: 'object',
  properties: {
    ...{ streamId: text, app: text, name: text, startedAt: text },
    state: { enum: ['live', 'ready', 'suspended'] },
    tracks: { type: 'array', items: { type: 'object' } },
    ...{ players: count, kbpsIn: count, kbpsOut: count },
    delayMs: {
      ...count,
      description: 'How much further the newest media is behind the clock than at the best. Missing: unknown.',
    },
    trouble: { ...text, description: 'What is wrong with it, in a sentence. Missing: nothing.' },
  },
  required: ['streamId', 'app', 'name', 'state', 'startedAt', 'tracks', 'players', 'kbpsIn', 'kbpsOut'],
};

const overview = {
  type: 'object',
  properties: {
    node: {
      type: 'object',
      properties: {
        ...{ nodeId: text, version: text, startedAt: text, ready: { type: 'boolean' } },
        ...{ reasons: texts, degraded: texts, nats: { enum: ['off', 'up', 'down'] }, isInCluster: { type: 'boolean' } },
      },
      required: ['nodeId', 'version', 'startedAt', 'ready', 'reasons', 'degraded', 'nats', 'isInCluster'],
    },
    streams: { type: 'array', items: overviewStream, maxItems: 1000 },
    total: count,
  },
  required: ['node', 'streams', 'total'],
};

/** Path items. */
export const PAGE_PATHS = {
  '/v1/overview': {
    get: {
      ...{ operationId: 'overview', summary: 'This node and its live streams, made at most once a second.' },
      ...{ tags: ['page'], 'x-scope': 'read', parameters: [ifNoneMatch] },
      responses: {
        '200': { description: 'What was asked for.', content: { 'application/json': { schema: overview } } },
        '304': notModified,
        default: problem,
      },
    },
  },
} as const;
