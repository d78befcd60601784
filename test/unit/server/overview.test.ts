import { gunzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { openApi } from '../../../src/control/openapi.js';
import { MemoryAccount } from '../../../src/core/memory-account.js';
import type { EventsStats } from '../../../src/events/event-layer.js';
import type { LiveStreamsOptions } from '../../../src/live/live-streams.js';
import type { Overview } from '../../../src/model/overview.js';
import { overviewRoute } from '../../../src/server/overview.js';
import { LiveStreamsHarness } from '../../support/live/live-streams-harness.js';

function setUp(options: Partial<LiveStreamsOptions> = {}) {
  const harness = new LiveStreamsHarness(options);
  const memory = new MemoryAccount();
  const stats = { busState: 'off' } as EventsStats;
  const route = overviewRoute({
    ...{ nodeId: 'n1', bootId: 'b1', memory, liveStreams: harness.registry, isInCluster: false },
    clock: { wallMs: () => 0, monotonicMs: () => harness.nowMs },
    health: () => ({ ready: true, reasons: [], degraded: [] }),
    events: () => stats,
  });
  const ask = (headers: Record<string, string> = {}) =>
    route.handle({ params: {}, query: {}, body: undefined, headers, actor: 'test' });
  const read = async (): Promise<Overview> => JSON.parse(String((await ask()).body)) as Overview;
  return { harness, memory, stats, ask, read };
}

describe('the overview', () => {
  it('shows the node and each stream with its rates, its players and what is wrong, as the document says', async () => {
    const { harness, read } = setUp();
    const run = await harness.run('cam1');
    run.ready();
    harness.play('cam1');
    harness.pass(1000);
    run.carry({ bytes: 125_000, bytesOut: 250_000 });
    run.newestTimestamp = 900;
    run.sample();
    run.health({ verb: 'stalled', kind: 'audio', trackId: 0, gapMs: 3000, cause: 'no_frames' });
    const { streamId } = run;
    const overview = await read();
    expect(overview).toMatchObject({
      node: { nodeId: 'n1', ready: true, nats: 'off', isInCluster: false },
      streams: [{ streamId, name: 'cam1', state: 'ready', players: 1, kbpsIn: 1000, kbpsOut: 2000, delayMs: 0 }],
      total: 1,
    });
    expect(overview.streams[0]?.trouble).toBe('no audio for 3 s');
    const { paths } = openApi() as { paths: Record<string, { get: { responses: Record<string, never> } }> };
    const { content } = paths['/v1/overview']!.get.responses['200'] as unknown as {
      content: Record<string, { schema: object }>;
    };
    const check = new Ajv2020({ strict: false }).compile(content['application/json']!.schema);
    expect({ valid: check(overview), errors: check.errors }).toEqual({ valid: true, errors: null });
  });

  it('is made once for all who ask within a second, and not at all for who has it', async () => {
    const { harness, ask } = setUp();
    const first = await ask();
    expect((await ask()).body).toBe(first.body);
    expect(await ask({ 'if-none-match': first.headers!['etag']! })).toMatchObject({ status: 304, body: undefined });
    harness.pass(1000);
    expect((await ask({ 'if-none-match': first.headers!['etag']! })).status).toBe(200);
  });

  it('shows no rates and no delay of a stream whose publisher has gone, and says so', async () => {
    const { harness, read } = setUp({ resumeWindowMs: 10_000 });
    const run = await harness.run('cam1');
    harness.pass(1000);
    run.carry({ bytes: 125_000 });
    run.newestTimestamp = 900;
    run.sample();
    run.end('client_reset');
    const [stream] = (await read()).streams;
    expect(stream).toMatchObject({ state: 'suspended', kbpsIn: 0, kbpsOut: 0 });
    expect(stream).not.toHaveProperty('delayMs');
    expect(stream?.trouble).toMatch(/publisher has gone/);
  });

  it('is packed once for all who take it so, and the same', async () => {
    const { ask, memory } = setUp();
    const plain = await ask();
    for (const encoding of ['gzip, deflate, br', 'br,gzip;q=0.5', 'gzip']) {
      const packed = await ask({ 'accept-encoding': encoding });
      expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
      expect(gunzipSync(packed.body as Buffer)).toEqual(plain.body);
      expect(packed.body).toBe((await ask({ 'accept-encoding': 'gzip' })).body);
      expect(memory.total).toBe((plain.body as Buffer).length + (packed.body as Buffer).length);
    }
    for (const encoding of ['', 'br', 'gzip;q=0', 'br, gzip; q=0.0, deflate', 'xgzip'])
      expect((await ask({ 'accept-encoding': encoding })).body).toBe(plain.body);
  });

  it('is on the memory account, and gone from it when memory is short', async () => {
    const { memory, ask } = setUp();
    expect(memory.total).toBe(0);
    const { body } = await ask();
    expect(memory.total).toBe((body as Buffer).length);
    memory.limitBytes = 1;
    memory.relieve();
    expect(memory.total).toBe(0);
  });

  it('tells apart NATS that is off, up and away', async () => {
    const { harness, stats, read } = setUp();
    const told = [];
    for (const busState of ['off', 'ready', 'disconnected'] as const) {
      Object.assign(stats, { busState });
      harness.pass(1000);
      told.push((await read()).node.nats);
    }
    expect(told).toEqual(['off', 'up', 'down']);
  });
});
