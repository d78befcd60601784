import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operationRoutes } from '../../src/control/http-routes.js';
import { OPERATIONS } from '../../src/control/operations.js';
import { FakeNode, streamOf } from '../support/control/fake-ports.js';
import { start } from '../support/http/http-harness.js';

const routes = Object.values(OPERATIONS).flatMap(({ http }) => [...http] as { method: string; path: string }[]);

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

const headerText = fc.stringMatching(/^[\x20-\x7e]{0,60}$/);

describe('the HTTP door', () => {
  it('answers anything with an answer or a problem, never with a defect, and stays up', async () => {
    const node = new FakeNode();
    const { base } = await start({ deps: { routes: operationRoutes(node.dispatcher()) } });
    const request = fc.record({
      route: fc.constantFrom(...routes),
      param: fc.oneof(
        fc.constantFrom('01HZX000000000000000000001', 'address', 'x', '%00', '..%2f', '%ff'),
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
        fc.constantFrom('{', 'NaN', '[[[[', '{"a":1e999}'),
      ),
      key: fc.option(headerText),
      deadline: fc.option(headerText),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ route, param, query, type, body, key, deadline }) => {
        node.streams = [streamOf(1)];
        const path = route.path.replace(/:\w+/g, () => param);
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
        if (response.ok) expect(answer['ok']).toBe(true);
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
});
