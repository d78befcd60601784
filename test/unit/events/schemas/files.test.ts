import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newId } from '../../../../src/core/ids.js';
import { stateOf } from '../../../../src/events/open-streams.js';
import { asyncApi } from '../../../../src/events/schemas/asyncapi.js';
import { writeSchemas } from '../../../../src/events/schemas/files.js';
import { dataSchemaId, EVENT_TYPES, SIGNALS, STATE_SCHEMAS } from '../../../../src/events/schemas/index.js';
import { ManualClock } from '../../../support/events-parts.js';
import { ListSink, lifecycleOn } from '../../../support/every-event.js';
import { schemaProblems, signalSchema } from '../../../support/schemas.js';
import { tempDir } from '../../../support/temp.js';

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
    for (const name of ['asyncapi', ...Object.keys(STATE_SCHEMAS), ...Object.keys(SIGNALS)])
      expect(names).toContain(`${name}.json`);
  });

  it('make an AsyncAPI 3 document in which every reference leads somewhere and every parameter is in its address', () => {
    const document = asyncApi() as Document;
    expect(document.asyncapi).toBe('3.0.0');
    const others = [...Object.keys(SIGNALS), ...Object.keys(STATE_SCHEMAS)];
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

  it('fit every signal and every state that a lifecycle tells', async () => {
    const [clock, sink] = [new ManualClock(), new ListSink()];
    const { lifecycle, signals } = lifecycleOn(sink, clock);
    const [streamId, connectionId, peer] = [newId(), newId(), { address: '::1', port: 1 }];
    const states = () => [...lifecycle.sessions.values()].map(stateOf);
    lifecycle.connection('opened', connectionId, { peer, transport: 'rtmp' });
    lifecycle.connection('rejected', newId(), { peer: { ...peer, port: 0 }, code: 'ERR_LIMIT_ACCEPT_RATE' });
    lifecycle.want('wanted', { app: 'live', name: 'cam' });
    await lifecycle.streamStarted({ streamId, app: 'live', name: 'cam', connectionId, peer, transport: 'rtmp' });
    lifecycle.want('unwanted', { app: 'live', name: 'cam' });
    const seen = states();
    lifecycle.streamReady(streamId, { tracks: [{ id: 0, kind: 'audio', codec: 'mp4a.40.2' }], timeToReadyMs: 5 });
    const totals = { bytes: 1, audioFrames: 1, videoFrames: 0, drops: 0 };
    lifecycle.telemetry(streamId, { totals, kbpsIn: 1, kbpsOut: 0, fps: 0, players: 0 });
    seen.push(...states());
    lifecycle.streamSuspended(streamId, { resumeWindowMs: 1000 });
    seen.push(...states());
    lifecycle.connection('closed', connectionId, { peer, code: 'ERR_PEER_CLOSED', detail: '' });
    for (const state of seen) expect(schemaProblems('kv.stream-state', state)).toEqual([]);
    expect(seen.map(({ state }) => state)).toEqual(['live', 'ready', 'suspended']);
    const told = new Set<string>();
    for (const { tokens, data } of signals) {
      told.add(signalSchema(tokens));
      expect(schemaProblems(signalSchema(tokens), data), tokens.join('.')).toEqual([]);
      expect(schemaProblems(signalSchema(tokens), { ...data, nodeId: 1 })).not.toEqual([]);
    }
    expect([...told].sort()).toEqual(Object.keys(SIGNALS).sort());
  });
});
