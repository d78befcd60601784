import { describe, expect, it } from 'vitest';
import { operationRoutes } from '../../../src/control/http-routes.js';
import { OPERATIONS } from '../../../src/control/operations.js';
import type { Cluster } from '../../../src/control/ports.js';
import type { ApiRequest, ApiRoute } from '../../../src/model/api-route.js';
import { FakeNode, playOf, streamOf } from '../../support/control/fake-ports.js';

const { streamId } = streamOf(1);

function setUp(cluster?: Cluster) {
  const node = new FakeNode();
  node.streams = [streamOf(1), streamOf(2)];
  node.plays = [playOf(1, node.streams[0]!)];
  const routes = operationRoutes(node.dispatcher({ cluster }));
  const ask = (method: ApiRoute['method'], path: string, request: Partial<ApiRequest> = {}) => {
    const route = routes.find((each) => each.method === method && each.path === path);
    if (route === undefined) throw new Error(`no route ${method} ${path}`);
    return route.handle({ ...{ params: {}, query: {}, headers: {}, body: undefined, actor: 'ops' }, ...request });
  };
  return { node, routes, ask };
}

describe('the routes', () => {
  it('are those of all operations, no two of them the same', () => {
    const { routes } = setUp();
    expect(routes).toHaveLength(Object.values(OPERATIONS).reduce((sum, { http }) => sum + http.length, 0));
    expect(new Set(routes.map(({ method, path }) => `${method} ${path}`)).size).toBe(routes.length);
    expect(routes.find(({ path }) => path === '/v1/node/drain')?.scope).toBe('admin');
  });
});

describe('a query', () => {
  it('has its numbers read, and is told what is wrong with them', async () => {
    const { ask } = setUp();
    const list = await ask('GET', '/v1/streams', { query: { app: 'live', limit: '1' } });
    expect(list.body).toMatchObject({ ok: true, streams: [{ name: 'cam1' }], cursor: expect.any(String) });
    const refused = await ask('GET', '/v1/streams', { query: { limit: 'many', what: 'x' } });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: '/limit' }, { pointer: '/what' }] } });
  });

  it('with scope=cluster asks all nodes, and only lists know it', async () => {
    const gathered: unknown[] = [];
    const { ask } = setUp({
      askOwner: async () => undefined,
      endOf: async () => undefined,
      gather: async (verb, body) => {
        gathered.push([verb, body]);
        return { answers: [{ ok: true, nodeId: 'n2', nodes: [{ bootId: 'b' }] }], missing: ['n3'] };
      },
    });
    expect((await ask('GET', '/v1/nodes', { query: { scope: 'cluster' } })).body).toEqual({
      ...{ ok: true, items: [{ bootId: 'b', nodeId: 'n2' }], partial: true, missing: ['n3'] },
    });
    expect(gathered).toEqual([['nodes.list', {}]]);
    expect((await ask('GET', '/v1/nodes', { query: { scope: 'node' } })).body).toMatchObject({
      nodes: [{ nodeId: 'n1' }],
    });
    expect((await ask('GET', '/v1/nodes', { query: { scope: 'all' } })).status).toBe(400);
    expect((await ask('GET', '/v1/config', { query: { scope: 'cluster' } })).status).toBe(400);
  });
});

describe('a body', () => {
  it('cannot name another stream than the path', async () => {
    const { ask, node } = setUp();
    const kick = { params: { streamId }, body: { streamId: streamOf(2).streamId } };
    expect((await ask('POST', '/v1/streams/:streamId/kick', kick)).body).toEqual({ ok: true });
    expect(node.calls).toEqual([['kickStream', streamId, 'by the operator']]);
  });

  it.each([[null], [7], ['x'], [[1]]])('that is %j is refused', async (body) => {
    const { ask } = setUp();
    const answer = await ask('POST', '/v1/streams/:streamId/kick', { params: { streamId }, body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'ERR_CTL_BAD_REQUEST', errors: [{ pointer: '' }] } });
  });
});

describe('headers', () => {
  it('carry the request id and the deadline', async () => {
    const { ask, node } = setUp();
    const twice = { params: { streamId }, body: {}, headers: { 'idempotency-key': 'k1' } };
    const first = await ask('POST', '/v1/streams/:streamId/kick', twice);
    expect(await ask('POST', '/v1/streams/:streamId/kick', twice)).toEqual(first);
    expect(node.calls).toHaveLength(1);
    const late = await ask('GET', '/v1/node', { headers: { 'sluice-deadline': '1' } });
    expect(late).toMatchObject({ status: 504, body: { code: 'ERR_CTL_EXPIRED' } });
  });

  it('guard a change of the settings by their revision', async () => {
    const { ask } = setUp();
    const read = await ask('GET', '/v1/config');
    expect(read.headers).toEqual({ etag: '"r1"' });
    const change = (tag: string) =>
      ask('PATCH', '/v1/config', { body: { log: { level: 'debug' } }, headers: { 'if-match': tag } });
    expect(await change('"r0"')).toMatchObject({ status: 409, body: { code: 'ERR_CTL_CONFLICT', revision: 'r1' } });
    expect(await change('"r1"')).toMatchObject({ status: 200, headers: { etag: '"r2"' } });
    expect((await change('*')).status).toBe(200);
    const noObject = await ask('PATCH', '/v1/config', { body: [1] });
    expect(noObject).toMatchObject({ status: 400, body: { errors: [{ pointer: '/patch' }] } });
  });
});

describe('an answer', () => {
  it('about a stream that is not there has one code on every path', async () => {
    const { ask, node } = setUp();
    node.ended.set('S9', { endedAt: '2026-01-01T11:59:00.000Z', reason: 'kicked' });
    expect(await ask('GET', '/v1/streams/:streamId', { params: { streamId: 'S9' } })).toMatchObject({
      status: 404,
      body: { code: 'ERR_CTL_STREAM_UNKNOWN', endedAt: '2026-01-01T11:59:00.000Z', instance: expect.any(String) },
    });
    expect(
      await ask('POST', '/v1/streams/:streamId/limit', { params: { streamId: 'S8' }, body: { limits: {} } }),
    ).toMatchObject({
      ...{ status: 404, body: { code: 'ERR_CTL_STREAM_UNKNOWN' } },
    });
  });

  it('to one request too many says when to come back', async () => {
    const { ask, node } = setUp();
    node.gate = new Promise(() => undefined);
    for (let n = 0; n < 64; n++) void ask('POST', '/v1/streams/:streamId/kick', { params: { streamId }, body: {} });
    expect(await ask('GET', '/v1/node')).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
  });
});

describe('a deadline', () => {
  it('that is none is refused, as it is over NATS', async () => {
    const { node, ask } = setUp();
    const headers = { 'sluice-deadline': 'tomorrow', 'idempotency-key': 'r1' };
    const refused = await ask('POST', '/v1/streams/:streamId/kick', { params: { streamId }, headers, body: {} });
    expect(refused).toMatchObject({
      ...{ status: 400, body: { code: 'ERR_CTL_BAD_REQUEST', errors: [{ pointer: '/deadline' }], instance: 'r1' } },
    });
    expect(node.calls).toEqual([]);
  });
});
