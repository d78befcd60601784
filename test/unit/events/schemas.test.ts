import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asyncApi } from '../../../src/events/schemas/asyncapi.js';
import { writeSchemas } from '../../../src/events/schemas/files.js';
import { dataSchemaId, EVENT_TYPES } from '../../../src/events/schemas/index.js';
import { tempDir } from '../../support/temp.js';

interface Document {
  readonly asyncapi: string;
  readonly channels: Record<string, { address: string; parameters: object; messages: object }>;
  readonly operations: Record<string, { action: string; channel: { $ref: string }; messages: { $ref: string }[] }>;
}

describe('the schemas', () => {
  it('are written as files that name themselves, one of data and one of the envelope for each type', () => {
    const dir = join(tempDir('schemas'), 'deep');
    const names = writeSchemas(dir);
    expect(readdirSync(dir).sort()).toEqual([...names].sort());
    for (const type of EVENT_TYPES) {
      const data = JSON.parse(readFileSync(join(dir, `${type}.json`), 'utf8')) as { $id: string; title: string };
      expect(data).toMatchObject({ $id: dataSchemaId(type), title: type });
      expect(names).toContain(`${type}.event.json`);
    }
    expect(names).toEqual(expect.arrayContaining(['asyncapi.json', 'kv.stream-state.json', 'kv.node-state.json']));
  });

  it('make an AsyncAPI 3 document in which every reference leads somewhere and every parameter is in its address', () => {
    const document = asyncApi() as Document;
    expect(document.asyncapi).toBe('3.0.0');
    expect(Object.keys(document.channels)).toHaveLength(EVENT_TYPES.length);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1]);
    expect(references.length).toBeGreaterThan(EVENT_TYPES.length * 4);
    for (const path of references) {
      const target = path
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      expect(target, path).toBeDefined();
    }
    for (const channel of Object.values(document.channels)) {
      const inAddress = [...channel.address.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect(Object.keys(channel.parameters)).toEqual(inAddress);
    }
  });
});
