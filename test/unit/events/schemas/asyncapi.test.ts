import { describe, expect, it } from 'vitest';
import { asyncApi } from '../../../../src/events/schemas/asyncapi.js';
import { EVENT_TYPES, JOB_EVENT_TYPES, SIGNAL_SCHEMAS, STATE_SCHEMAS } from '../../../../src/events/schemas/index.js';

interface Document {
  readonly asyncapi: string;
  readonly channels: Record<string, { address: string; parameters: object; messages: object }>;
  readonly operations: Record<string, { action: string; channel: { $ref: string }; messages: { $ref: string }[] }>;
}

describe('the schemas', () => {
  it('make an AsyncAPI 3 document in which every reference leads somewhere and every parameter is in its address', () => {
    const document = asyncApi() as Document;
    expect(document.asyncapi).toBe('3.0.0');
    const others = [...JOB_EVENT_TYPES, ...Object.keys(SIGNAL_SCHEMAS), ...Object.keys(STATE_SCHEMAS)];
    expect(Object.keys(document.channels)).toHaveLength(EVENT_TYPES.length + others.length);
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

  it('name the parts that several have in common once, for generated models', () => {
    const { schemas } = (asyncApi() as { components: { schemas: Record<string, { title?: string }> } }).components;
    for (const name of ['Peer', 'Track', 'StreamMetadata', 'ChangedFacts', 'EndReason', 'StreamEnded'])
      expect(schemas[name]?.title).toBe(name);
    const ended = JSON.stringify(schemas['stream-ended']);
    expect(ended).toContain('"data":{"$ref":"#/components/schemas/StreamEnded"}');
    expect(JSON.stringify(schemas['StreamEnded'])).toContain('{"$ref":"#/components/schemas/Track"}');
  });
});
