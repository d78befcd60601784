import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operationRoutes } from '../../src/control/http-routes.js';
import { OPERATIONS } from '../../src/control/operations.js';
import { logTo } from '../support/admission/chain-harness.js';
import { FakeNode, streamOf } from '../support/control/fake-ports.js';
import { start } from '../support/http/http-harness.js';
import { pageRoutes } from '../support/http/page-routes.js';
import { tempDir } from '../support/temp.js';

const page = pageRoutes(tempDir('no-recordings'));
const routes = [
  ...Object.values(OPERATIONS).flatMap(({ http }) => [...http] as { method: string; path: string }[]),
  ...page.routes,
  { method: 'GET', path: '/v1/recordings/*' },
];

const MEMBERS = [
  ...['app', 'name', 'ip', 'principal', 'label', 'limit', 'cursor', 'reason', 'confirm', 'dryRun', 'banTtlMs', 'kind'],
  ...['value', 'ttlMs', 'limits', 'labels', 'values', 'handler', 'tcUrl', 'patch', 'level', 'streamId', 'action'],
];

/** Values that look like something, and values that look like nothing. */
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, -1, 0, 1e308, '', 'live', 'a\u0000b', '../x', '*', '\ud800', '192.0.2.0/33'),
    fc.double(),
    fc.string({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...MEMBERS, '__proto__', 'constructor', ''), tie('value'), { maxKeys: 6 }),
  ),
})).value;

/** Bodies that are no requests, each in its own way. */
const BAD_BODIES: readonly (string | Uint8Array<ArrayBuffer>)[] = [
  ...['{', 'NaN', '[[[[', '{"a":1e999}', '\ufeff{}', '"kick"', '5'],
  `{"labels":${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}}`,
  `{${Array.from({ length: 4000 }, (_, i) => `"k${i}":1`).join(',')}}`,
  `{${Array.from({ length: 10_000 }, (_, i) => `"${i.toString(36)}":1`).join(',')}}`,
  `{"reason":"${'x'.repeat(65_536)}"}`,
  Uint8Array.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0xff, 0x7d]),
  new Uint8Array(70_000).fill(0xff),
];

const headerText = fc.stringMatching(/^[\x20-\x7e]{0,60}$/);

describe('the HTTP door', () => {
  it('answers anything with an answer or a problem, never with a defect, and stays up', async () => {
    const node = new FakeNode();
    const { recordings } = page;
    const { base } = await start({
      deps: { routes: [...operationRoutes(node.dispatcher()), ...page.routes], recordings },
    });
    const { streamId } = await page.harness.run();
    const request = fc.record({
      route: fc.constantFrom(...routes),
      param: fc.oneof(
        fc.constantFrom('01HZX000000000000000000001', streamId, 'address', 'x', '%00', '..%2f', '%ff'),
        fc.webSegment(),
      ),
      query: fc.webQueryParameters(),
      type: fc.constantFrom(
        'application/json',
        'application/json; charset=utf-8',
        'application/merge-patch+json',
        'text/plain',
      ),
      body: fc.oneof(
        json.map((value) => JSON.stringify(value)),
        fc.string(),
        fc.constantFrom(...BAD_BODIES),
      ),
      key: fc.option(headerText),
      deadline: fc.option(headerText),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ route, param, query, type, body, key, deadline }) => {
        node.streams = [streamOf(1)];
        const path = route.path.replace(/:\w+|\*/g, () => param);
        const hasBody = route.method === 'POST' || route.method === 'PATCH';
        const response = await fetch(`${base}${path}?${query}`, {
          method: route.method,
          headers: {
            ...(hasBody ? { 'content-type': type } : {}),
            ...(key === null ? {} : { 'idempotency-key': key }),
            ...(deadline === null ? {} : { 'sluice-deadline': deadline }),
          },
          ...(hasBody ? { body } : {}),
        });
        const answer = (await response.json()) as Record<string, unknown>;
        expect(response.status).toBeLessThan(505);
        if (response.ok) expect(answer).toMatchObject(route.path === '/v1/overview' ? { total: 1 } : { ok: true });
        else {
          expect(response.headers.get('content-type')).toContain('application/problem+json');
          expect(answer['code']).not.toBe('ERR_INTERNAL');
          expect(answer).toMatchObject({ status: response.status, type: `urn:sluice:error:${String(answer['code'])}` });
        }
      }),
      { seed: 9, numRuns: 400 },
    );
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });

  it('lets nobody in who has no token, whatever the headers say, and repeats none of it', async () => {
    const right = 'a-right-token-of-thirty-characters';
    const sha256 = createHash('sha256').update(right).digest('hex');
    const lines: string[] = [];
    const { base } = await start({
      options: { tokens: [{ name: 'ops', sha256, scopes: ['admin'] }] },
      deps: {
        routes: [...operationRoutes(new FakeNode().dispatcher()), ...page.routes],
        recordings: page.recordings,
        log: logTo(lines),
      },
    });
    const attempt = fc.record({
      route: fc.constantFrom(...routes),
      scheme: fc.constantFrom('', 'Bearer ', 'bearer  ', 'Basic ', 'Bearer Bearer '),
      token: fc.oneof(
        fc.stringMatching(/^[\x20-\x7e\x80-\xff]{0,60}$/),
        fc.constantFrom(
          '',
          'CANARY',
          right.slice(1),
          `${right}x`,
          right.toUpperCase(),
          sha256,
          'x'.repeat(8000),
          ' '.repeat(8000),
        ),
      ),
      cookie: fc.oneof(
        fc.constantFrom('', 'sluice_session=', `sluice_session=${sha256}`, `sluice_session=${right}`, ';'.repeat(4000)),
        fc.stringMatching(/^[\x20-\x7e]{0,60}$/),
      ),
    });
    await fc.assert(
      fc.asyncProperty(attempt, async ({ route, scheme, token, cookie }) => {
        const hasBody = route.method === 'POST' || route.method === 'PATCH';
        const response = await fetch(`${base}${route.path.replace(/:\w+/g, 'x')}`, {
          method: route.method,
          headers: {
            authorization: scheme + token,
            cookie: `a=CANARY; ${cookie}`,
            ...(hasBody ? { 'content-type': 'application/json' } : {}),
          },
          ...(hasBody ? { body: '{"reason":"CANARY"}' } : {}),
        });
        const text = await response.text();
        expect(`${response.status} ${text}`).toMatch(/^(401|400) .*ERR_(CTL_UNAUTHENTICATED|HTTP_\w+)/s);
        expect(text + JSON.stringify([...response.headers])).not.toContain('CANARY');
      }),
      { seed: 10, numRuns: 300 },
    );
    expect(lines.join('\n')).not.toContain('CANARY');
    const good = await fetch(`${base}/v1/streams`, { headers: { authorization: `Bearer ${right}` } });
    expect(good.status).toBe(200);
  });
});
