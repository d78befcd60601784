import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { openApi, openApiRoute } from '../../../src/control/openapi.js';
import { OPERATIONS } from '../../../src/control/operations.js';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema: object;
    readonly example?: unknown;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: object; readonly example?: unknown }>>;
  };
}

const document = openApi() as unknown as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
const operations = Object.values(document.paths).flatMap((item) => Object.values(item));

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    // Text of one line would be the name of a file.
    const { valid, errors } = await validator.validate(JSON.stringify(document, null, 2));
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
    expect(validator.version).toBe('3.1');
  });

  it('has every route of every operation, each with an id of its own and a sentence', () => {
    for (const { http } of Object.values(OPERATIONS)) {
      for (const { method, path } of http) {
        expect(document.paths[path.replace(/:(\w+)/g, '{$1}')]).toHaveProperty(method.toLowerCase());
      }
    }
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    expect(operations.filter(({ summary }) => !/\.$/.test(summary))).toEqual([]);
  });

  it('has examples that its own schemas accept', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    for (const { operationId, parameters = [], requestBody } of operations) {
      for (const { schema, example } of [...parameters, ...Object.values(requestBody?.content ?? {})]) {
        if (example === undefined) continue;
        const accepts = ajv.compile(schema);
        expect({ operationId, valid: accepts(example), errors: accepts.errors }).toMatchObject({ valid: true });
      }
    }
  });

  it('says that a list may be of all nodes, and nothing else', () => {
    const scoped = operations.filter(({ parameters = [] }) => parameters.some(({ name }) => name === 'scope'));
    const ids = ['nodes.list', 'plays.list', 'relays.list', 'streams.list', 'wants.list'];
    expect(scoped.map(({ operationId }) => operationId).sort()).toEqual(ids);
    const { responses } = scoped[0] as unknown as {
      responses: { 200: { content: Record<string, { schema: object }> } };
    };
    const accepts = new Ajv2020({ strict: false, validateFormats: false }).compile(
      responses[200].content['application/json']!.schema,
    );
    expect(accepts({ ok: true, items: [], partial: true, missing: ['n2'] })).toBe(true);
    expect(accepts({ ok: true, items: [] })).toBe(false);
  });

  it('refers to nothing that is not in it', () => {
    const text = JSON.stringify(document);
    const references = new Set([...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!));
    for (const path of references) {
      const found = path.split('/').reduce<unknown>((node, key) => (node as Record<string, unknown>)?.[key], document);
      expect([path, found === undefined]).toEqual([path, false]);
    }
  });

  it('is served to whoever may read', async () => {
    const route = openApiRoute();
    expect(route).toMatchObject({ method: 'GET', path: '/openapi.json', scope: 'read' });
    const request = { params: {}, query: {}, headers: {}, body: undefined, actor: 'ops' };
    expect(await route.handle(request)).toEqual({ status: 200, body: document });
  });
});
