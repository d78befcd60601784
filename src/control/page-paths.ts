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

const streamId = { name: 'streamId', in: 'path', required: true, schema: text };

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
    gopMs: { ...count, description: 'Media time between the last two keyframes. Missing before the second.' },
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

const preview = {
  type: 'object',
  properties: { ok: { const: true }, path: text },
  required: ['ok', 'path'],
};

const recording = {
  type: 'object',
  properties: {
    ...{
      app: text,
      name: text,
      streamId: text,
      startedAt: text,
      bytes: count,
      isOpen: { type: 'boolean' },
      path: text,
    },
    durationMs: { ...count, description: 'Media time from the first frame to the last. Missing: it cannot be told.' },
  },
  required: ['app', 'name', 'streamId', 'startedAt', 'bytes', 'isOpen', 'path'],
};

const recordings = {
  type: 'object',
  properties: {
    ...{ ok: { const: true }, recordings: { type: 'array', items: recording, maxItems: 200 }, cursor: text },
    isPartial: { const: true, description: 'There are more files than are looked at: the list lacks some.' },
  },
  required: ['ok', 'recordings'],
};

const inQuery = (name: string, description: string) => ({
  ...{ name, in: 'query', required: false, description, schema: text },
});

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
  '/v1/streams/{streamId}/preview': {
    post: {
      operationId: 'preview',
      summary: 'Where a live stream can be looked at, once, beginning within 30 s, whatever admission says of players.',
      ...{ tags: ['page'], 'x-scope': 'read', parameters: [streamId] },
      requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' }, example: {} } } },
      responses: {
        '200': {
          description: 'A path of this server for WebSocket and HTTP-FLV. Secret.',
          content: { 'application/json': { schema: preview } },
        },
        default: problem,
      },
    },
  },
  '/v1/streams/{streamId}/keyframe': {
    get: {
      operationId: 'keyframe',
      summary: 'The newest keyframe of a live stream, as an FLV file with the sequence headers that it needs.',
      ...{ tags: ['page'], 'x-scope': 'read', parameters: [streamId, ifNoneMatch] },
      responses: {
        '200': { description: 'The picture.', content: { 'video/x-flv': { schema: { type: 'string' } } } },
        '304': notModified,
        default: problem,
      },
    },
  },
  '/v1/recordings': {
    get: {
      operationId: 'recordings.list',
      summary: 'Files that recorders of this node have made or are making below media.root, the newest first.',
      ...{ tags: ['page'], 'x-scope': 'read' },
      parameters: [
        inQuery('app', 'Of this app.'),
        inQuery('name', 'Of streams of this name.'),
        {
          ...inQuery('limit', 'How many, 1 to 200.'),
          schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
        },
        inQuery('cursor', 'Where to go on, as the answer before says.'),
      ],
      responses: {
        '200': { description: 'What was asked for.', content: { 'application/json': { schema: recordings } } },
        default: problem,
      },
    },
  },
  '/v1/recordings/{path}': {
    get: {
      operationId: 'recordings.read',
      summary: 'A recording, or a part of it. One that is being written has the length of the moment.',
      ...{ tags: ['page'], 'x-scope': 'read' },
      parameters: [
        { ...{ name: 'path', in: 'path', required: true, schema: text }, description: 'As the list has it.' },
        { ...{ name: 'Range', in: 'header', required: false, schema: text }, description: 'One range of bytes.' },
        ifNoneMatch,
      ],
      responses: {
        '200': { description: 'The file.', content: { 'video/x-flv': { schema: { type: 'string' } } } },
        '206': { description: 'A part of it.', content: { 'video/x-flv': { schema: { type: 'string' } } } },
        '304': notModified,
        '416': problem,
        default: problem,
      },
    },
  },
} as const;
